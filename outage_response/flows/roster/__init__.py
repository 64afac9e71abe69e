"""Duty Shifts: made from patterns, swapped, and the hours nobody covers."""
