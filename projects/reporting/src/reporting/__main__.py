"""Entry point of `python -m reporting`."""

import sys

from reporting.cli import main
from shared.command_line import command

sys.exit(command(main))
