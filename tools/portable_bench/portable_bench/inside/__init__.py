"""Run by the bench's own Pythons, not by the set-up: here the framework and the tools may be imported."""
