"""Duty Shifts: made from patterns, swapped, and the hours that nobody covers."""
