"""My outage tasks on a phone."""
