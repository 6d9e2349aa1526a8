"""The events of the platform context."""
