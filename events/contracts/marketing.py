"""The events of the marketing context."""
