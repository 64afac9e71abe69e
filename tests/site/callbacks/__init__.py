"""Residents are called back: who, when, by whom, and each attempt in the platform's own CRM."""
