"""Throughline from Python: send a command, wait for the view, follow the feed.

crm = Throughline("https://crm.example.com", auth=ClientCredentials(issuer, id, secret))
done = crm.send("sales", "orders", {...})
order = crm.get("sales", f"orders/{done.id}", after=done)
for event in crm.follow(types=["crm.sales.*"]): ...
"""

from throughline.answers import Done, Event
from throughline.auth import Auth, Bearer, ClientCredentials
from throughline.client import Throughline
from throughline.errors import (
    Behind,
    Conflict,
    Forbidden,
    Gone,
    Invalid,
    NotFound,
    NotSignedIn,
    PreconditionFailed,
    Problem,
    SignInFailed,
    ThroughlineError,
    TooManyRequests,
    Unavailable,
    Unreachable,
)
from throughline.following import Feed
from throughline.patience import Patience

__all__ = [
    "Auth",
    "Bearer",
    "Behind",
    "ClientCredentials",
    "Conflict",
    "Done",
    "Event",
    "Feed",
    "Forbidden",
    "Gone",
    "Invalid",
    "NotFound",
    "NotSignedIn",
    "Patience",
    "PreconditionFailed",
    "Problem",
    "SignInFailed",
    "Throughline",
    "ThroughlineError",
    "TooManyRequests",
    "Unavailable",
    "Unreachable",
]
