"""The gateway's own house: directory, feed, subscriptions, search, and who read what."""
