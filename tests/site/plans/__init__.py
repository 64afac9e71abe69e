"""Versions of a plan put in force, newer ones that come with the app, and plans in a company's own words."""
