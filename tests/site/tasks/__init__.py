"""The tasks of an incident: the set made from the plan, who has them, and the verbs of one task."""
