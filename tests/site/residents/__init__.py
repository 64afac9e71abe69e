"""What residents see and do by themselves, and what is kept of them."""
