"""A Frappe bench made from the package registries alone, for trying and testing an app on loopback.

Set-up code: standard library only, run by the system's Python. What runs inside the bench's own Pythons is in `inside/`.
"""
