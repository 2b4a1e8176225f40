"""Which test suites there are, which of them a change touches, and running them side by side."""
