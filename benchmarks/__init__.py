"""Measurements on a real site. They time what matters when it is dark, and leave nothing behind."""
