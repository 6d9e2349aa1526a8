"""The worker process of marketing: `python -m services.marketing.worker`."""

from events.runtime.worker import run_worker
from services.marketing.definition import DEFINITION

if __name__ == "__main__":
    run_worker(DEFINITION)
