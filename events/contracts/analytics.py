"""The events of the analytics context."""
