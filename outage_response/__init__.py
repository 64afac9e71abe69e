"""Power-outage response for property companies: the written procedure as assigned, clocked, recorded work."""

__version__ = "0.1.0"
