"""Names that what is declared in a module can have."""

from __future__ import annotations

import keyword
import re

from shared.errors import UserError
from shared.http.redaction import shortened

NAME = re.compile(r"[a-z](?:_?[a-z0-9])*")
LONGEST_NAME, SHOWN = 30, 60


def check_name(name: str, what: str) -> None:
    """Refuse a name that cannot be part of modules, tables and settings.

    Args:
        what: What is called so, for messages: `source`.

    Raises:
        UserError: It cannot.
    """
    if not NAME.fullmatch(name) or len(name) > LONGEST_NAME or keyword.iskeyword(name):
        raise UserError(
            f"no {what} can be called so: `{shortened(name, SHOWN)}`",
            hint=f"lower case letters, digits and single `_`, a letter first, at most {LONGEST_NAME}: as in `shop`",
        )
