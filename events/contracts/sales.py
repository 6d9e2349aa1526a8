"""The events of the sales context."""
