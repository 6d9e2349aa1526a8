"""Faults: a whole system of real processes is hurt under load; then the oracle judges it.

`make faults` runs all of it. THROUGHLINE_FAULT_SEED repeats a run's choices,
THROUGHLINE_FAULT_MINUTES (default 6) bounds the long mixed one.
"""
