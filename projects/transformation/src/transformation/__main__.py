"""Entry point of `python -m transformation`."""

import sys

from shared.command_line import command
from transformation.cli import main

sys.exit(command(main))
