"""Ringing people until somebody says that it is theirs: whom, by which channel, sent, answered, or standing still."""
