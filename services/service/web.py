"""The web process of service: `python -m services.service.web`."""

from events.runtime.web import run_web
from services.service.definition import DEFINITION

if __name__ == "__main__":
    run_web(DEFINITION)
