"""The published language: every event of every context, one module each.

Importing this package registers all contracts.
"""

from events.contracts import analytics, marketing, platform, sales, service

__all__ = ["analytics", "marketing", "platform", "sales", "service"]
