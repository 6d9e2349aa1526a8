"""The web process of analytics: `python -m services.analytics.web`."""

from events.runtime.web import run_web
from services.analytics.definition import DEFINITION

if __name__ == "__main__":
    run_web(DEFINITION)
