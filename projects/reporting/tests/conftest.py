"""Fixtures of the tests: the engines, and a small model with charts and dashboards of it."""

from __future__ import annotations

pytest_plugins = ["shared.testing.engines"]
