"""The web process of marketing: `python -m services.marketing.web`."""

from events.runtime.web import run_web
from services.marketing.definition import DEFINITION

if __name__ == "__main__":
    run_web(DEFINITION)
