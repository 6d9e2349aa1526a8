"""How a simulated process ends, and how a seed fails."""

from __future__ import annotations


class SimulatedCrash(BaseException):
    """Ends a process where it is: no `except Exception` on the way may stop it."""


class SimulationFailure(AssertionError):
    """Something that must hold does not."""
