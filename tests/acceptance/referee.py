"""The referee: recomputes who must get each lead, from the public log and its contract alone.

The contract says: each draw adds its weight to every candidate's credit; the highest sum wins, the
smallest seller id among equals; the winner pays the sum of the candidates' weights; credits begin
at zero. A candidate is on duty, serves the product line, holds fewer unanswered leads than he may,
and has not given this lead back, as long as there is another. Nothing of the product is used here.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

PREFIX = "crm.sales.pool."


class Referee:
    """Follows the events of one pool in order; `complaints` should stay empty."""

    def __init__(self) -> None:
        self.sellers: dict[str, Mapping[str, Any]] = {}
        self.credit: Counter[str] = Counter()
        self.unanswered: Counter[str] = Counter()
        self.refused: defaultdict[str, list[str]] = defaultdict(list)
        self.dealt: list[tuple[str, str]] = []
        """(lead, seller) of every draw."""
        self.queued: list[str] = []
        self.complaints: list[str] = []

    def follow(self, events: Iterable[Mapping[str, Any]]) -> Referee:
        for event in events:
            fact = event["type"].removeprefix(PREFIX).partition(".")[0]
            getattr(self, f"_{fact}")(event["data"])
        return self

    def _seller_capacity_set(self, data: Mapping[str, Any]) -> None:
        self.sellers[data["seller_id"]] = data

    def _lead_queued(self, data: Mapping[str, Any]) -> None:
        self.queued.append(data["lead_id"])
        if able := self._able(data):
            self._complain(data, f"waits although {able} could take it")

    def _lead_assigned(self, data: Mapping[str, Any]) -> None:
        able = self._able(data)
        shown = [
            {
                "seller_id": one,
                "weight": self.sellers[one]["weight"],
                "open": self.unanswered[one],
                "credit": self.credit[one],
            }
            for one in able
        ]
        if data["candidates"] != shown:
            self._complain(data, f"candidates were {data['candidates']}, should be {shown}")
        if data["round"] != len(self.dealt) + 1:
            self._complain(data, f"round {data['round']} after {len(self.dealt)}")
        drawn = self._draw(able)
        if data["seller_id"] != drawn:
            self._complain(data, f"went to {data['seller_id']}, should go to {drawn}")
        self.unanswered[data["seller_id"]] += 1
        self.dealt.append((data["lead_id"], data["seller_id"]))

    def _lead_accepted(self, data: Mapping[str, Any]) -> None:
        self.unanswered[data["seller_id"]] -= 1

    def _lead_returned(self, data: Mapping[str, Any]) -> None:
        self.unanswered[data["seller_id"]] -= 1
        self.refused[data["lead_id"]].append(data["seller_id"])

    def _lead_released(self, data: Mapping[str, Any]) -> None:
        self.refused.pop(data["lead_id"], None)

    def _able(self, lead: Mapping[str, Any]) -> list[str]:
        serving = sorted(
            name
            for name, one in self.sellers.items()
            if one["on_duty"] and (not one["lines"] or lead["product_line"] in one["lines"])
        )
        refused = self.refused[lead["lead_id"]]
        willing = (
            [one for one in serving if one not in refused]
            or [one for one in serving if one not in refused[-1:]]
            or serving
        )
        return [one for one in willing if self.unanswered[one] < self.sellers[one]["max_open"]]

    def _draw(self, able: list[str]) -> str | None:
        if not able:
            return None
        for one in able:
            self.credit[one] += int(self.sellers[one]["weight"])
        winner = max(able, key=lambda one: (self.credit[one], [-ord(char) for char in one]))
        self.credit[winner] -= sum(int(self.sellers[one]["weight"]) for one in able)
        return winner

    def _complain(self, data: Mapping[str, Any], what: str) -> None:
        self.complaints.append(f"lead {data['lead_id']}: {what}")
