"""Processes: configuration in, clients after fork, health and metrics out."""
