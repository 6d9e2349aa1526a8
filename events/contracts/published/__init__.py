"""Generated: one JSON Schema for each event type and version, and the AsyncAPI document.

Written by `python -m events.contracts.generate`. A file, once released, never disappears.
"""
