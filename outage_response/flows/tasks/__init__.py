"""The tasks of an incident: the set made from plan and context, who has them, and the verbs of one task."""
