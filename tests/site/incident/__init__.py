"""The verbs of an incident, from the first word to the report."""
