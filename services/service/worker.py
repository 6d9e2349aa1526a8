"""The worker process of service: `python -m services.service.worker`."""

from events.runtime.worker import run_worker
from services.service.definition import DEFINITION

if __name__ == "__main__":
    run_worker(DEFINITION)
