"""The published language: what is promised to everybody who reads a topic."""
