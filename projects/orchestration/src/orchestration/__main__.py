"""Entry point of `python -m orchestration`."""

import sys

from orchestration.cli import main
from shared.command_line import command

sys.exit(command(main))
