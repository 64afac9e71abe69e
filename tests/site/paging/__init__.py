"""Ringing people until somebody says that it is theirs."""
