"""The rules of the outage procedure in plain Python: no Frappe, no clock of their own, no side effects."""
