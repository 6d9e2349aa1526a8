"""An oracle for the guarantees that shares no code with what it judges.

A client (`client`, `load`) drives the public API and keeps a journal of every answer. A checker
reads the journal and what the system has stored, in the documented formats only: commits, records
on the topics, timelines, views, checkpoints. Nothing here imports `events`, `services` or
`gateway`; `test_independence.py` makes sure. `planted` is the other side: engines with a bug.
"""
