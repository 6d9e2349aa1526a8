"""Kafka's jars, resolved once from Maven Central into a cache that all checkouts share.

A folder under the cache is complete or absent: it is resolved under another name and renamed. The
lock keeps two checkouts from downloading the same at once.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from filelock import FileLock

from deploy.local.errors import MissingPart

KAFKA = "org.apache.kafka:kafka_2.13:4.3.1"
LOGGING = "org.slf4j:slf4j-simple:1.7.36"
FOLDER = "kafka-4.3.1"
WAIT_SECONDS = 600.0


def cache_folder() -> Path:
    """`$XDG_CACHE_HOME/throughline`, by default `~/.cache/throughline`."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "throughline"


def kafka_jars(cache: Path | None = None) -> Path:
    """The folder with Kafka's jars; downloads them (44 MB) when they are not there yet.

    Raises MissingPart with what the resolver said when they cannot be had.
    """
    cache = cache or cache_folder()
    jars = cache / FOLDER
    if jars.is_dir():
        return jars
    cache.mkdir(parents=True, exist_ok=True)
    with FileLock(cache / f"{FOLDER}.lock", timeout=WAIT_SECONDS):
        if not jars.is_dir():
            _resolve(jars)
    return jars


def class_path(jars: Path) -> str:
    """What java's -cp takes: every jar of the folder."""
    return str(jars / "*")


def _resolve(jars: Path) -> None:
    work = jars.with_name(f"{jars.name}.partial")
    shutil.rmtree(work, ignore_errors=True)
    outcome = subprocess.run(_resolver(work), capture_output=True, text=True, check=False)
    # The resolver splits what it found into class path and module path; a broker wants all of it.
    found = sorted(work.glob("envs/**/*.jar"))
    if outcome.returncode != 0 or not found:
        last = (outcome.stderr.strip() or outcome.stdout.strip()).splitlines()[-3:]
        raise MissingPart(
            f"could not download Apache Kafka ({KAFKA}): {' '.join(last)}; "
            "or set KAFKA_BOOTSTRAP_SERVERS to a broker that you have"
        )
    flat = work / "flat"
    flat.mkdir()
    for jar in found:
        jar.rename(flat / jar.name)
    flat.rename(jars)
    shutil.rmtree(work)


def _resolver(work: Path) -> list[str]:
    """jgo's own resolver, so that a Maven on the machine makes no difference."""
    program = [sys.executable, "-m", "jgo", "--ignore-config", "--quiet", "--resolver", "python"]
    folders = ["--cache-dir", str(work), "--repo-cache", str(work / "repository")]
    coordinates = f"{KAFKA}+{LOGGING}"
    return [*program, *folders, "--links", "copy", "info", "classpath", coordinates]
