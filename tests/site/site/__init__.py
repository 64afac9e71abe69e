"""The site itself: is it still the one it was, and who turned a switch that people rely on."""
