"""The decisions of marketing: pure functions, one file for each aggregate."""
