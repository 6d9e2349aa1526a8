"""The web process of sales: `python -m services.sales.web`."""

from events.runtime.web import run_web
from services.sales.definition import DEFINITION

if __name__ == "__main__":
    run_web(DEFINITION)
