"""What a person says of a file where looking at it is not enough."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from shared.errors import ConfigurationError, UserError


@dataclass(frozen=True)
class Declared:
    """How a file is written, as far as somebody has said it; None is for what shall be found out.

    Attributes:
        encoding: Python's name of it, `utf-8`, `cp1252`, …
        delimiter: The sign between fields, one character.
        skip: How many lines stand above the header.
        sheet: The sheet of a workbook.

    Raises:
        UserError: A value cannot be one; the message names it.
    """

    encoding: str | None = None
    delimiter: str | None = None
    skip: int | None = None
    sheet: str | None = None

    def __post_init__(self) -> None:
        if self.encoding is not None and not _is_encoding(self.encoding):
            raise UserError(f"no encoding of text: `{self.encoding}`", hint="`utf-8`, `cp1252`, `cp1250`, `utf-16`, …")
        if self.delimiter is not None and (len(self.delimiter) != 1 or self.delimiter in '"\r\n\0'):
            raise UserError(f"no delimiter: `{self.delimiter}`", hint="one character: `,`, `;`, `|`, a tab")
        if self.skip is not None and self.skip < 0:
            raise UserError(f"not a number of lines: `{self.skip}`", hint="give how many stand above the header")

    @classmethod
    def of(cls, values: Mapping[str, Any], where: str) -> Declared:
        """Read it from a declaration, other keys left alone.

        Raises:
            ConfigurationError: A value cannot be one; the message names it and where it stands.
        """
        found = {field.name: values[field.name] for field in fields(cls) if values.get(field.name) is not None}
        try:
            texts = {name: str(value) for name, value in found.items() if name != "skip"}
            return cls(**texts, **({"skip": int(found["skip"])} if "skip" in found else {}))  # type: ignore[arg-type]
        except (UserError, ValueError) as error:
            hint = error.hint if isinstance(error, UserError) else "`skip` is a number of lines"
            raise ConfigurationError(f"{error}, in `{where}`", hint=hint) from error

    def as_declared(self) -> dict[str, str | int]:
        """Return what is said, as a declaration has it."""
        said = {field.name: getattr(self, field.name) for field in fields(self)}
        return {name: value for name, value in said.items() if value is not None}


NOTHING = Declared()


def _is_encoding(name: str) -> bool:
    try:
        b"x".decode(name)
    except LookupError:
        # Unknown, or one of Python's codecs from bytes to bytes.
        return False
    except UnicodeError:
        return True
    return True
