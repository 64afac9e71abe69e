"""People in elevators: reported, noted, freed, and what was said corrected."""
