"""What all tests share: the real servers they may ask for."""

pytest_plugins = ["tests.parts"]
