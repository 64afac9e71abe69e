"""People in elevators, on Desk's screens."""
