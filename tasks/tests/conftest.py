"""Fixtures for what the tasks do on both engines."""

pytest_plugins = ["shared.testing.engines"]
