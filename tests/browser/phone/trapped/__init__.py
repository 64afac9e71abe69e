"""My outage tasks on a phone while people are in elevators."""
