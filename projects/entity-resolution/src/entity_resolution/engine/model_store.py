"""Trained models on disk: `model-<n>.json`, and `current` that names the one in use."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from typing_extensions import Self

from entity_resolution.engine.blocking.rules import Rule
from entity_resolution.engine.frequencies import Frequencies
from entity_resolution.engine.vocabularies import Vocabulary
from shared.errors import InputError, UserError
from shared.utils.excerpts import excerpt
from shared.utils.files import write_whole
from shared.utils.names import suggestion
from shared.warehouse import Warehouse

POINTER = "current"


@dataclass(frozen=True)
class Model:
    """A trained model.

    Attributes:
        settings: What Splink needs to predict: comparisons with their weights, blocking rules.
        definition: Which untrained settings it was made from, see `definition`.
        learned: Whether the weights come from matches in the data; False while there were too few.
        trained_on: How many parties of each source system it has seen.
        fillers: The values that were held out of comparison, by column, and how many records had each.
        profile: What the values were like that it was trained on, see `engine.profile`.
        rules: By which pairs are found, with the values that these skip.
        sure, sessions: The rules of training, likewise.
        frequencies: How frequent the values are by which it weighs rare ones, by column; those of the parties that are
            linked where an older model has none.
        words: How many records have each word of a column, where rare ones tell.
    """

    settings: dict[str, Any]
    definition: str
    learned: bool
    trained_on: dict[str, int]
    fillers: dict[str, dict[str, int]] = field(default_factory=dict)
    profile: dict[str, dict[str, int]] = field(default_factory=dict)
    rules: Sequence[Rule] = ()
    sure: Sequence[Rule] = ()
    sessions: Sequence[Rule] = ()
    frequencies: dict[str, Frequencies] = field(default_factory=dict)
    words: dict[str, Vocabulary] = field(default_factory=dict)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Return the model of a file's text.

        Raises:
            ValueError, TypeError, KeyError: It is none.
        """
        kept = json.loads(text)
        rules = {name: [Rule.from_json(each) for each in kept.get(name, ())] for name in ("rules", "sure", "sessions")}
        frequencies = {column: Frequencies(**each) for column, each in kept.get("frequencies", {}).items()}
        words = {column: Vocabulary(**each) for column, each in kept.get("words", {}).items()}
        return cls(**{**kept, **rules, "frequencies": frequencies, "words": words})

    def to_json(self) -> str:
        """Return the file's text; equal models have equal texts."""
        return json.dumps(asdict(self), indent=2, sort_keys=True) + "\n"


class ModelStore:
    """The models of an entity in one warehouse. Older ones stay; to go back to one, write its name into `current`."""

    def __init__(self, warehouse: Warehouse, entity: str) -> None:
        self.folder = warehouse.state_dir / "entity-resolution" / entity

    def current_name(self) -> str | None:
        """Return the name of the model in use, None where there is none yet."""
        pointer = self.folder / POINTER
        return pointer.read_text().strip() if pointer.exists() else None

    def current_text(self) -> str:
        """Return the file of the model in use, empty where there is none yet.

        Raises:
            InputError: `current` names a file that cannot be read.
        """
        name = self.current_name()
        return "" if name is None else self._text(name)

    def current(self) -> Model | None:
        """Return the model in use, None where there is none yet.

        Raises:
            InputError: `current` names a file that is no model.
        """
        name = self.current_name()
        return None if name is None else self._read(name)

    def named(self, name: str) -> Model:
        """Return a saved model.

        Args:
            name: Its file's, `model-1.json`, or its number.

        Raises:
            UserError: There is none of this name.
            InputError: The file is no model.
        """
        there = sorted(path.name for path in self.folder.glob("model-*.json"))
        file = f"model-{name}.json" if name.isdecimal() else name
        if file not in there:
            raise UserError(f"there is no model of this name: `{excerpt(name, 60)}`", hint=suggestion(file, there))
        return self._read(file)

    def save(self, model: Model) -> str:
        """Make `model` the one in use and return its name; one equal to the present one is not stored again."""
        name = self.current_name()
        if name is not None and (self.folder / name).is_file() and (self.folder / name).read_text() == model.to_json():
            return name
        numbers = [int(path.stem.removeprefix("model-")) for path in self.folder.glob("model-*.json")]
        name = f"model-{max(numbers, default=0) + 1}.json"
        # The model first and whole, then its name: killed in between, the former model stays in use.
        write_whole(self.folder / name, model.to_json())
        write_whole(self.folder / POINTER, name + "\n")
        return name

    def _text(self, name: str) -> str:
        try:
            return (self.folder / name).read_text()
        except (OSError, ValueError) as error:
            raise unreadable(self.folder / name) from error

    def _read(self, name: str) -> Model:
        try:
            return Model.from_json(self._text(name))
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise unreadable(self.folder / name) from error


def unreadable(path: Path) -> InputError:
    """Return the error for a model that cannot be used."""
    return InputError(
        f"cannot read the model: `{path}`",
        hint="write the name of another model into `current` beside it, or train anew: `./pixiw run resolve --retrain`",
    )
