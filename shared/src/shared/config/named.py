"""Settings that a declaration names: an address, a token, a password, in the environment or in a file."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from shared.errors import ConfigurationError
from shared.redaction import guard

# Of a file that holds a secret; a token of a megabyte is none.
MOST_BYTES = 65_536


@dataclass(frozen=True)
class Setting:
    """The environment variable `name`, or the file that `name` with `_FILE` behind it names."""

    name: str

    @property
    def is_set(self) -> bool:
        """Whether there is a value."""
        return any(os.environ.get(name) for name in (self.name, self._file))

    @property
    def _file(self) -> str:
        return f"{self.name}_FILE"

    def value(self) -> str:
        """Return the value; of a file it is the content, without the line's end.

        Raises:
            ConfigurationError: There is none.
        """
        if found := os.environ.get(self.name):
            return found
        path = os.environ.get(self._file)
        if not path:
            raise ConfigurationError(f"{self.name} is not set", hint=f"set it, or {self._file} to a file that has it")
        try:
            with Path(path).open("rb") as file:
                found = file.read(MOST_BYTES).decode().strip()
        except (OSError, ValueError) as error:
            raise ConfigurationError(
                f"the file that {self._file} names cannot be read: {type(error).__name__}",
                hint=f"make it a file of text that this user may read, or set {self.name}",
            ) from None
        if not found:
            raise ConfigurationError(f"the file that {self._file} names is empty", hint=f"write {self.name} into it")
        guard(found)
        return found


def settings_of(declared: Mapping[str, object] | Sequence[object]) -> Iterator[Setting]:
    """Yield the settings among what is declared, those within mappings and lists too."""
    for value in declared.values() if isinstance(declared, Mapping) else declared:
        if isinstance(value, Setting):
            yield value
        elif isinstance(value, (Mapping, list, tuple)):
            yield from settings_of(value)


def with_values(declared: Mapping[str, object]) -> dict[str, object]:
    """Return what is declared, with the values of the settings, those within mappings and lists too.

    Raises:
        ConfigurationError: One of them has none.
    """
    return {name: _with_value(value) for name, value in declared.items()}


def _with_value(value: object) -> object:
    if isinstance(value, Setting):
        return value.value()
    if isinstance(value, (list, tuple)):
        return [_with_value(each) for each in value]
    return with_values(value) if isinstance(value, Mapping) else value
