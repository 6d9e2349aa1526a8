"""Proposes the golden examples that are missing: `python -m tests.contract.make_goldens`.

Never overwrites one. Read what it proposes before you commit it: from then on it stays.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping

from events.contracts.base import Contract, all_contracts, check
from events.contracts.examples import full, minimal
from events.contracts.generate import write
from events.errors import Invalid
from tests.contract.goldens import GOLDENS, Goldens


def propose(contracts: Mapping[str, type[Contract]], goldens: Goldens) -> list[str]:
    """Writes the missing examples and their hashes; returns what was done, one line each."""
    missing = [one for name, one in sorted(contracts.items()) if not goldens.path(name).exists()]
    done = [_propose(one, goldens) for one in missing]
    recorded = goldens.recorded()
    new = {name: hash for name, hash in goldens.actual().items() if name not in recorded}
    ledger = sorted((recorded | new).items())
    write(goldens.ledger, "".join(f"{digest}  {name}\n" for name, digest in ledger))
    return done + [f"{name}: recorded in HASHES" for name in new]


def _propose(contract: type[Contract], goldens: Goldens) -> str:
    examples = {"full": full(contract), "minimal": minimal(contract)}
    try:
        for data in examples.values():
            check(contract.TYPE, data)
    except Invalid as invalid:
        faults = "; ".join(f"{fault.pointer} {fault.detail}" for fault in invalid.faults)
        return f"{contract.TYPE}: write it by hand, the proposal breaks a rule: {faults}"
    text = json.dumps(examples, indent=2, ensure_ascii=False) + "\n"
    with goldens.path(contract.TYPE).open("x", encoding="utf-8") as file:
        file.write(text)
    return f"{contract.TYPE}: proposed"


if __name__ == "__main__":
    sys.stdout.write("".join(f"{line}\n" for line in propose(all_contracts(), GOLDENS)))
