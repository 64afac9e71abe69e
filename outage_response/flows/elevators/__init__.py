"""People in elevators: reported, noted, freed, corrected."""
