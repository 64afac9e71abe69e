"""What is known: read from the site, written by nobody here. Imports nothing else of the flows."""
