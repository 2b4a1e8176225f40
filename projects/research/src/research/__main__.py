"""Entry point of `python -m research`."""

import sys

from research.cli import main
from shared.command_line import command

sys.exit(command(main))
