"""The web process of the platform: `python -m gateway.platform.web`."""

from events.runtime.web import run_web
from gateway.platform.definition import DEFINITION

if __name__ == "__main__":
    run_web(DEFINITION)
