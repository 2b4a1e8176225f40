"""Names that what is declared in a module can have, or what stands in SQL and YAML."""

from __future__ import annotations

import keyword
import re
from functools import cache

from shared.errors import UserError
from shared.http.redaction import shortened
from shared.utils.calculator import calculator

NAME = re.compile(r"[a-z](?:_?[a-z0-9])*")
LONGEST_NAME, SHOWN = 30, 60
# A name that SQL takes for one without quotes, if it is not `reserved`.
SAFE = re.compile(r"[a-z_][a-z0-9_]*")
YAML_WORDS = {"y", "n", "yes", "no", "on", "off", "true", "false", "null"}


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


@cache
def reserved() -> frozenset[str]:
    """Return the words that are no column's name without quotes."""
    with calculator() as session:
        words = session.execute(
            "select keyword_name from duckdb_keywords() where keyword_category <> 'unreserved'"
        ).fetchall()
    return frozenset({"rowid", "user", "current_role", "session_user", *(word for (word,) in words)})


def safe(name: str) -> str:
    """Return a name that SQL, YAML and dbt take for nothing else; all of them were made here."""
    if not SAFE.fullmatch(name):
        raise AssertionError(name)
    return name


def yaml_name(name: str) -> str:
    """Return a name that YAML takes for a text and not for a truth value."""
    return f'"{safe(name)}"' if name in YAML_WORDS else safe(name)
