"""Judging all customers at once: thresholds from the whole population, then a tier for each.

A run is no aggregate: what it decides are events, and its document only says how far it is. It
publishes the built-in policy when none is in force, computes the thresholds at `as_of`, and appends
a `CustomerTierChanged` for every customer whose tier moves. Every command's id is derived from the
run's, so an interrupted run is simply worked on again: it continues after its last chunk, and what
was done stays done once.

Judged are the customers with a purchase at or before `as_of`; the population of the thresholds are
those with one in the policy's window. domain/tiers.py has the definitions, to the digit.
"""

from services.analytics.tier_runs.documents import TierRuns

__all__ = ["TierRuns"]
