"""The worker process of analytics: `python -m services.analytics.worker`."""

from events.runtime.worker import run_worker
from services.analytics.definition import DEFINITION

if __name__ == "__main__":
    run_worker(DEFINITION)
