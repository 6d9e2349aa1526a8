"""The worker process of sales: `python -m services.sales.worker`."""

from events.runtime.worker import run_worker
from services.sales.definition import DEFINITION

if __name__ == "__main__":
    run_worker(DEFINITION)
