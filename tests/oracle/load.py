"""A small company at work: random commands on the customers, leads, orders and cases there are.

Seeded: the same seed asks for the same things in the same order in each thread. What has been
acknowledged is what later commands work on. Some requests are sent twice on purpose.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

from tests.oracle.client import Client
from tests.oracle.journal import Answer

SENT_TWICE = 0.05
READ_AFTER = 0.3
"""Shares of the requests."""

SELLERS = ("ada", "bo", "cy")
POOL = "default"


class Company:
    """One thread's part of the company. `services` are those that can be asked."""

    def __init__(
        self, client: Client, seed: int, services: Sequence[str], reads: float = READ_AFTER
    ) -> None:
        self._client = client
        self._reads = reads
        self._chance = random.Random(seed)
        self._services = tuple(services)
        self._customers: list[str] = []
        self._leads: list[tuple[str, Answer]] = []
        self._orders: list[tuple[str, Answer]] = []
        self._cases: list[tuple[str, Answer]] = []
        self.asked = 0

    def step(self) -> None:
        """One command, and perhaps a fresh read of what it did."""
        acts: dict[str, Sequence[tuple[int, Callable[[], None]]]] = {
            "marketing": [(3, self.register), (3, self.capture), (3, self.qualify)],
            "sales": [(4, self.order), (4, self.complete)],
            "service": [(2, self.open_case), (2, self.move_case)],
        }
        choices = [one for service in self._services for one in acts.get(service, ())]
        weights = [weight for weight, _ in choices]
        self._chance.choices([act for _, act in choices], weights)[0]()

    def found(self) -> None:
        """What must be there before work begins to matter: sellers, and a policy with limits."""
        if "sales" in self._services:
            self.staff()
        if "sales" in self._services and "analytics" in self._services:
            self._judge()

    # --- analytics

    def _judge(self) -> None:
        """From now on each completed order may move its customer's tier, again and again."""
        policy = {
            "policy_version": 1,
            "currency": "USD",
            "vip_share": "0.01",
            "caring_value_share": "0.80",
            "window_days": 365,
            "hysteresis": "0",
            "min_days_between_moves": 0,
        }
        self._do("analytics", "/tier-policies", policy)
        for _ in range(5):
            self.order()
        while self._orders:
            self.complete()
        self._client.job("analytics", "/tier-runs")

    # --- marketing

    def register(self) -> None:
        number = self._chance.randrange(10**9)
        body = {"kind": "person", "source": "web", "name": f"Customer {number}"}
        answer = self._do("marketing", "/customers", body)
        if answer:
            self._customers.append(answer.id)
            self._look(answer.id, answer)

    def capture(self) -> None:
        customer = self.customer()
        body = {"customer_id": customer, "touch": "web", "channel": "web"}
        self._keep(self._leads, customer, self._do("marketing", "/leads", body))

    def qualify(self) -> None:
        found = self._take(self._leads)
        if found is None:
            self.capture()
            return
        customer, lead = found
        body = {"need": "a new machine", "product_line": "machines"}
        answer = self._do("marketing", f"/leads/{lead.id}/qualify", body, on=lead)
        if answer:
            self._look(customer, answer)

    # --- sales

    def staff(self) -> None:
        """Sellers for the pool: without them leads wait."""
        for seller in SELLERS:
            body = {"seller_id": seller, "max_open": 10_000}
            self._do("sales", f"/pools/{POOL}/sellers", body)

    def order(self) -> None:
        customer = self.customer()
        lines = [self._line() for _ in range(self._chance.randint(1, 3))]
        body = {"customer_id": customer, "channel": "web", "lines": lines}
        self._keep(self._orders, customer, self._do("sales", "/orders", body))

    def complete(self) -> None:
        found = self._take(self._orders)
        if found is None:
            self.order()
            return
        customer, order = found
        if self._chance.random() < 0.2:
            body = {"reason": "changed_mind"}
            answer = self._do("sales", f"/orders/{order.id}/cancel", body, on=order)
        else:
            answer = self._do("sales", f"/orders/{order.id}/complete", on=order)
        if answer:
            self._look(customer, answer)

    def _line(self) -> dict[str, Any]:
        price = {"amount": f"{self._chance.randrange(100, 9_999) / 100:.2f}", "currency": "USD"}
        return {
            "product_id": f"p-{self._chance.randrange(50)}",
            "qty": self._chance.randint(1, 5),
            "price": price,
            "installable": False,
        }

    # --- service

    def open_case(self) -> None:
        customer = self.customer()
        body = {"customer_id": customer, "kind": "complaint", "subject": "It makes a noise"}
        self._keep(self._cases, customer, self._do("service", "/cases", body))

    def move_case(self) -> None:
        """The first response, then the solution."""
        found = self._take(self._cases)
        if found is None:
            self.open_case()
            return
        customer, case = found
        if case.version == 1:
            answer = self._do("service", f"/cases/{case.id}/respond", on=case)
            self._keep(self._cases, customer, answer)
            return
        body = {"cause_code": "loose_part", "resolution": "Tightened it"}
        answer = self._do("service", f"/cases/{case.id}/resolve", body, on=case)
        if answer:
            self._look(customer, answer)

    # --- how all of it is asked

    def customer(self) -> str:
        """One that is known, or, when marketing cannot be asked, one that others speak of."""
        if not self._customers:
            self._customers.append(f"c-{self._chance.randrange(10**12)}")
        return self._chance.choice(self._customers)

    def _do(
        self, service: str, path: str, body: dict[str, Any] | None = None, on: Answer | None = None
    ) -> Answer | None:
        """`on` is what the command changes. Reactions move cases too, so any version will do."""
        self.asked += 1
        key = f"oracle-{self._chance.getrandbits(96):024x}"
        if_match = None
        if on is not None:
            if_match = "*" if service == "service" else f'"{on.version}"'
        answer = self._client.command(service, path, body, key=key, if_match=if_match)
        if answer and self._chance.random() < SENT_TWICE:
            self._client.command(service, path, body, key=key, if_match=if_match)
        return answer

    def _keep(self, kept: list[tuple[str, Answer]], customer: str, answer: Answer | None) -> None:
        if answer:
            kept.append((customer, answer))
            self._look(customer, answer)

    def _take(self, kept: list[tuple[str, Answer]]) -> tuple[str, Answer] | None:
        return kept.pop(self._chance.randrange(len(kept))) if kept else None

    def _look(self, customer: str, answer: Answer) -> None:
        if self._chance.random() < self._reads:
            self._client.fresh_read(self._chance.choice(self._services), customer, [answer])


class Load:
    """Several threads of a company, together at `rate` commands a second, until stopped."""

    def __init__(
        self, client: Client, services: Sequence[str], seed: int, rate: float, threads: int = 4
    ) -> None:
        self._companies = [Company(client, seed * 100 + n, services) for n in range(threads)]
        self._every = threads / rate
        self._stop = threading.Event()
        self._threads = [
            threading.Thread(target=self._run, args=(company,), daemon=True)
            for company in self._companies
        ]
        self.failures: list[BaseException] = []

    @property
    def asked(self) -> int:
        return sum(company.asked for company in self._companies)

    def start(self) -> Load:
        for thread in self._threads:
            thread.start()
        return self

    def stop(self, seconds: float = 120.0) -> None:
        """Lets each thread have its last answer. Raises what a thread died of."""
        self._stop.set()
        for thread in self._threads:
            thread.join(seconds)
        for failure in self.failures:
            raise failure

    def _run(self, company: Company) -> None:
        due = time.monotonic()
        try:
            while not self._stop.wait(max(0.0, due - time.monotonic())):
                company.step()
                due = max(due + self._every, time.monotonic() - 5 * self._every)
        except BaseException as failure:
            self.failures.append(failure)
