"""Property, homes, assets, buildings: what may change while an outage runs, and what people type."""
