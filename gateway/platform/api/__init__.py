"""The HTTP API of the platform: one file a resource."""
