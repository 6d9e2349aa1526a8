"""From all topics to one service's timeline and views, each event applied exactly once.

`view` declares what a view is, `sorting` decides which events may be applied, `unit` is the port
of the transaction that applies them (`mongo`, `memory`), `projector` is the loop around it,
`versions` says which version is live, `rebuild` makes a new one beside it, `parking` deals with
events that can't be applied, `reader` is what an API reads through.
"""
