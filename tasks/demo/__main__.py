"""`python -m tasks.demo` makes the demo data, as `python -m tasks.demo.data` does."""

from __future__ import annotations

import sys

from shared.command_line import command
from tasks.demo.data import main

sys.exit(command(main))
