"""The site itself: is it the one it was, may anything leave it, who turned a safety switch."""
