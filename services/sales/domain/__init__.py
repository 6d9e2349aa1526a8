"""What sales decides, as pure functions: pool, opportunity, order."""
