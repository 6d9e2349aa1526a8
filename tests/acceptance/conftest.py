"""One running system for all acceptance tests; each test works with customers of its own."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.acceptance.api import Api
    from tests.acceptance.system import System
    from tests.parts import Parts

HERE = Path(__file__).parent
TIMEOUT_SECONDS = 180

_LOGS = pytest.StashKey[Path]()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """All of them need real servers, and none may hang for ever."""
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.integration)
            item.add_marker(pytest.mark.timeout(TIMEOUT_SECONDS))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A failure says where the logs of the processes are; pytest keeps those of three runs."""
    report = yield
    if report.failed and (logs := item.config.stash.get(_LOGS, None)):
        report.sections.append(("the system", f"its logs are in {logs}"))
    return report


@pytest.fixture(scope="session")
def system(
    parts: Parts,
    mongodb_uri: str,
    kafka_bootstrap: str,
    tmp_path_factory: pytest.TempPathFactory,
    pytestconfig: pytest.Config,
) -> Iterator[System]:
    """All processes run. A test that stops some starts them again."""
    # Imported here, for pytest reads conftests before it knows which warnings to ignore.
    from tests.acceptance.system import System

    logs = pytestconfig.stash[_LOGS] = tmp_path_factory.mktemp("system")
    found = System(mongodb_uri, kafka_bootstrap, logs, parts.home.environment)
    try:
        found.up()
        yield found
    finally:
        found.clean()


@pytest.fixture
def api(system: System) -> Api:
    """A caller at the gateway."""
    return system.api
