"""What the tests of orchestration share."""

pytest_plugins = ["shared.testing.engines"]
