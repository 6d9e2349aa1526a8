"""What the figures were taken on and with: without it no figure can be compared with another."""

from __future__ import annotations

import os
import platform
import subprocess
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import psutil

from deploy.local.jars import KAFKA
from deploy.local.mongodb import find_mongod

PACKAGES = ("Flask", "flask-smorest", "gunicorn", "kafka-python", "orjson", "pymongo")


def machine() -> dict[str, Any]:
    """Processor, memory in GB, kernel."""
    return {
        "cpu": _cpu(),
        "cores": os.cpu_count(),
        "memory_gb": round(psutil.virtual_memory().total / 2**30, 1),
        "kernel": f"{platform.system()} {platform.release()}",
    }


def versions() -> dict[str, str]:
    """Of what the time is spent in."""
    return {
        "Python": platform.python_version(),
        "MongoDB": _mongodb(),
        "Kafka": KAFKA.rpartition(":")[2],
        **{name: version(name) for name in PACKAGES},
    }


def load_average() -> float:
    """Runnable processes, mean of the last minute: above `cores` others were at work too."""
    return round(os.getloadavg()[0], 1)


def _cpu() -> str:
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor()


@cache
def _mongodb() -> str:
    told = subprocess.run([find_mongod(), "--version"], capture_output=True, text=True, check=True)
    return told.stdout.split()[2].lstrip("v")
