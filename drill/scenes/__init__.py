"""The three outages. Each is a story: who did what when, in the order in which it happened."""

from . import community, planned, tower

SCENES = (tower.play, community.play, planned.play)
