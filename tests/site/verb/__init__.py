"""The engine of all verbs: who may, locks, replay, time, refusals, the timeline, and what happened."""
