"""All OpenAPI documents, as committed: `python -m deploy.cli.openapi [--check]`.

Those of the services and the gateway's own. Made without any server from the same tables as the
running processes, so a change of an API shows in a review. A service is imported only when its
turn comes.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import orjson

from deploy.local.programs import package_of
from events.access.tokens import Guard, Keyring
from events.commands import Commands
from events.config import CONTEXTS
from events.http import Health, Runtime, create_app, openapi_document
from events.runtime.service import ServiceDefinition
from events.runtime.web import API_VERSION
from events.store.memory import MemoryEventStore
from gateway.openapi import document as gateway_document

FOLDER = Path(__file__).parents[2] / "docs/reference/openapi"
_OPTIONS = orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE


def main(arguments: list[str]) -> int:
    """Writes the snapshots; with `--check` says which differ and returns 1."""
    different = [path for path, text in snapshots() if not _same(path, text)]
    if "--check" in arguments:
        for path in different:
            print(f"{path.relative_to(FOLDER.parents[2])} differs: python -m deploy.cli.openapi")
        return 1 if different else 0
    for path, text in snapshots():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text)
    return 0


def snapshots() -> Iterator[tuple[Path, bytes]]:
    """Each document's file and what it should hold."""
    for name in CONTEXTS:
        yield FOLDER / f"{name}.json", orjson.dumps(document_of(name), option=_OPTIONS)
    # Beside the folder: what is in it is a house, with rights of its own.
    own = FOLDER.with_name("openapi-gateway.json")
    yield own, orjson.dumps(gateway_document(CONTEXTS), option=_OPTIONS)


def document_of(name: str) -> dict[str, Any]:
    """A service's document, of an app that has no database behind it."""
    definition: ServiceDefinition = import_module(f"{package_of(name)}.definition").DEFINITION
    nothing: Any = None
    nobody = Guard(name, Keyring({}))
    runtime = Runtime(name, Commands(MemoryEventStore(name)), nothing, Health(), nobody)
    return openapi_document(create_app(runtime, definition.blueprints, version=API_VERSION))


def _same(path: Path, text: bytes) -> bool:
    return path.exists() and path.read_bytes() == text


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
