"""What all tests share: the real servers they may ask for, and how hypothesis searches.

No example has a deadline: a loaded machine is no fault of the code. On CI the examples are the
same in every run, so that a red build is about its change; elsewhere they go on looking.
"""

import os

from hypothesis import HealthCheck, settings

pytest_plugins = ["tests.parts"]

settings.register_profile(
    "throughline",
    deadline=None,
    derandomize=bool(os.environ.get("CI")),
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("throughline")
