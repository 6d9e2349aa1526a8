"""Loading history from before go-live, as the events that it would have been.

    purchases_file  lines of a file → purchases, and faults by line
    identity        what everything of a source is called, the same in every run
    drafts          a purchase → the commits that the services' own deciders yield
    shelves         commits → a service's store, in bulk, each of them once
    record          the import itself as an aggregate of the platform context
    publishing      the platform's events → their topic
    importer        all of it, chunk by chunk; called by `throughline import purchases`

Every id and every command id is computed from source and row, so an import can be killed at any
moment and run again: what is there already is recognised. No checkpoint is kept that could lie.
"""
