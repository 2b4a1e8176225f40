"""`python -m entity_resolution`."""

import sys

from entity_resolution.cli import main
from shared.command_line import command

sys.exit(command(main))
