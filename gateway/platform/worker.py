"""The worker process of the platform: `python -m gateway.platform.worker`."""

from events.runtime.worker import run_worker
from gateway.platform.definition import DEFINITION

if __name__ == "__main__":
    run_worker(DEFINITION)
