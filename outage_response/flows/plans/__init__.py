"""Versions of a plan put in force, and the newer ones that come with the app."""
