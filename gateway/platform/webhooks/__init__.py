"""Webhooks: what happened, sent to whoever subscribed, signed, and until it has arrived.

Out:      `addresses` says where nothing may ever be sent, `target` reads a receiver's URL,
          `resolving` and `wire` bound a connection, `egress` sends one message, `signing` signs
          it, `keys` holds the secrets, `schedule` says when a message is tried again.
Through:  `line` is one subscription's way through the log, `pump` drives it, `book` knows how far
          it is, `spool` what waits to be tried again, `deliveries` what was tried.
"""
