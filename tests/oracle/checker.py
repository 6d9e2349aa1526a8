"""The verdict on a system: every finding, or none.

findings = judge(places, read(journal), seconds=60)
"""

from __future__ import annotations

from collections.abc import Callable

from tests.oracle.evidence import gather
from tests.oracle.findings import Finding
from tests.oracle.journal import Ledger
from tests.oracle.models import check_models
from tests.oracle.places import Places
from tests.oracle.promises import check_promises
from tests.oracle.publication import check_publication
from tests.oracle.quiet import wait_until_quiet
from tests.oracle.reactions import check_reactions
from tests.oracle.timelines import check_timelines
from tests.oracle.versions import check_versions


def judge(
    places: Places,
    ledger: Ledger,
    seconds: float,
    meanwhile: Callable[[], object] = lambda: None,
) -> list[Finding]:
    """Waits until the system is at rest, `seconds` at most, then looks at everything.

    A system that does not come to rest is looked at as well: what it lacks tells more.
    """
    findings = wait_until_quiet(places, seconds, meanwhile)
    evidence = gather(places)
    return [
        *findings,
        *check_promises(ledger, evidence),
        *check_publication(places, evidence),
        *check_timelines(evidence),
        *check_reactions(evidence),
        *check_models(places, evidence),
        *check_versions(places),
    ]
