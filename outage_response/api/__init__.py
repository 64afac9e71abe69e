"""Whitelisted endpoints: typed, permission first, then a flow."""
