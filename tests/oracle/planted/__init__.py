"""Engines with a bug, to see that the oracle notices: a checker that never fails proves nothing."""
