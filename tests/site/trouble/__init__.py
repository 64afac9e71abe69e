"""What people report: tickets and telephone calls, which outage explains them, and what is answered."""
