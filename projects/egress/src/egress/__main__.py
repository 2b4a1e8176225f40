"""Entry point of `python -m egress`."""

import sys

from egress.cli import main
from shared.command_line import command

sys.exit(command(main))
