"""Operators' commands about clocks: `python -m services sla <verb>`."""
