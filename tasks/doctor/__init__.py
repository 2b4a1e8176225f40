"""Holds manifest, projects, locks, workflows and files against one another: `python -m tasks.doctor`."""
