"""The events of the service context."""
