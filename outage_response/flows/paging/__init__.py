"""Ringing people until somebody says mine: who, by which channel, sent, answered, and when nothing rings."""
