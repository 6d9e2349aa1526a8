"""Analytics: judges customers by what happened; writes no operational state."""
