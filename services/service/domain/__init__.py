"""The decisions of service: pure functions, one file for each aggregate."""
