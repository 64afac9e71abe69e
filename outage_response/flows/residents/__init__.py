"""What residents see and do, and what is kept of them."""
