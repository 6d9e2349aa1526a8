"""The draw: smooth weighted round robin, without any clock or chance.

Source: nginx, `ngx_http_upstream_get_peer` in src/http/ngx_http_upstream_round_robin.c
(commit 52327e0627f4, 2012). Each draw adds its weight to every candidate's credit; the highest
credit wins, the smallest seller id among equals; the winner pays the sum of the weights. Starting
from zero, W draws over the same candidates with weights summing to W give each exactly its weight,
spread evenly; with equal weights the counts never differ by more than one.

Who cannot be drawn (off duty, full, another product line) keeps his credit: he loses no turn that
he had earned and gains none by his absence. The credits of a pool always sum to zero.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

METHOD = "smooth_weighted_round_robin"
POLICY_ID = "lead_distribution"
POLICY_VERSION = 1


@dataclass(frozen=True, slots=True)
class Candidate:
    """A seller before the draw: `open` counts unanswered leads, `credit` comes from past draws."""

    seller_id: str
    weight: int
    open: int
    credit: int

    def to_data(self) -> dict[str, str | int]:
        return {
            "seller_id": self.seller_id,
            "weight": self.weight,
            "open": self.open,
            "credit": self.credit,
        }


def winner(candidates: Sequence[Candidate]) -> str:
    """The seller id drawn from at least one candidate."""
    return min(candidates, key=lambda one: (-(one.credit + one.weight), one.seller_id)).seller_id


def credits_after(
    candidates: Sequence[Candidate], drawn: str, credits: Mapping[str, int]
) -> dict[str, int]:
    """All credits after the draw; those who were no candidates keep theirs."""
    paid = sum(one.weight for one in candidates)
    gained = {one.seller_id: one.credit + one.weight for one in candidates}
    return {**credits, **gained, drawn: gained[drawn] - paid}
