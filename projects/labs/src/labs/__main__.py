"""Entry point of `python -m labs`."""

import sys

from labs.cli import main
from shared.command_line import command

sys.exit(command(main))
