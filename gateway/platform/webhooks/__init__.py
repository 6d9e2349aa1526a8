"""Webhooks: what happened, sent to whoever subscribed, signed, and until it has arrived.

`addresses` says where nothing may ever be sent, `target` reads a receiver's URL, `egress` sends
one message there within bounds.
"""
