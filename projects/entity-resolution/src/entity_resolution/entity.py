"""What an entity is: which records of core may be the same thing, how they are compared, and what is believed."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Annotated

from pydantic import Field, model_validator
from typing_extensions import Self

from entity_resolution.kinds import Block, Comparison, Form, Survivor
from entity_resolution.kinds.base import COLUMN, DECLARED, Column, Share, dataclass
from entity_resolution.kinds.names import Forms, formal
from entity_resolution.kinds.vocabulary import derived

# What the records of every entity are told apart by, whatever their relation calls it.
KEY = ("party_id", "source_system", "source_id")
# What every golden record has beside the fields that are declared.
GENERAL = ("entity_id", "party_count", "source_systems", "resolved_at", "run_id")

# What Splink calls what it makes of records, which none of their columns can be called.
TAKEN = ("cluster_id",)

NAME = r"[a-z][a-z0-9_]{0,39}"
SomeBlocks = Annotated[tuple[Block, ...], Field(min_length=1)]


@dataclass(frozen=True, config=DECLARED)
class Parties:
    """Where the records come from, each of which a party is made of.

    Attributes:
        relation: A table or view of core.
        id: The column by which a source tells its records apart.
        source: The column that names the source; None where all are of one.
        where: Which rows are records of now, in the SQL of both engines; all where empty.
        duplicate_free: Sources that have an entity once at most, as catalogs do. Two records of one are not compared;
            each record is joined with the best of another source, and with none where two are equally good.
    """

    relation: Annotated[str, Field(pattern=rf"^core\.{COLUMN}$")]
    id: Column
    source: Column | None = None
    where: str = ""
    # Splink makes names of columns of them.
    duplicate_free: tuple[Column, ...] = ()


@dataclass(frozen=True, config=DECLARED)
class Training:
    """How the weights of comparisons are learned.

    Attributes:
        sure: A pair that meets one of these is the same entity but for rare accidents.
        recall: Which share of all pairs of the same entity these find, about.
        sessions: Weights are learned among the pairs of each of these, but not of what it holds equal: no column
            may be in all of them.
    """

    sure: SomeBlocks
    recall: Share
    sessions: SomeBlocks


@dataclass(frozen=True, config=DECLARED)
class Truth:
    """A CSV file of pairs that are known to be the same entity.

    Attributes:
        columns: Its two columns, and the source whose ids each holds.
        file: Where it is in the data folder, if anybody has made it.
        complete: Whether it has every such pair, so that a record that it does not name is an entity of its own. What
            an incomplete one does not name is not judged.
    """

    columns: Annotated[Mapping[str, str], Field(min_length=2, max_length=2)]
    file: str | None = None
    complete: bool = False


@dataclass(frozen=True, config=DECLARED)
class Entity:
    """An entity.

    Attributes:
        name: What its tables are called by, in lower case.
        parties: Where its records come from.
        compare: How two records are compared.
        block: Which pairs are compared: those that meet one of these.
        training: How the weights are learned.
        golden: Which values the golden record has, in the order of its columns.
        sources: The sources in the order in which they are believed; others come after.
        threshold: The match probability from which two records are the same entity. Joining two does more harm than
            leaving one in two, so a pair must be nearly certain.
        truth: What a resolution is measured against.
        hidden: The columns that a sweep hides to see what poorer records would come to.
        fillers: The values of a column that stand for nothing, in the form that it is compared in; of a column that is
            not named here they are found by how frequent they are.
    """

    name: Annotated[str, Field(pattern=f"^{NAME}$")]
    parties: Parties
    compare: Annotated[tuple[Comparison, ...], Field(min_length=1)]
    block: SomeBlocks
    training: Training
    golden: Annotated[tuple[Survivor, ...], Field(min_length=1)]
    sources: tuple[str, ...] = ()
    threshold: Share = 0.95
    truth: Truth | None = None
    hidden: tuple[Column, ...] = ()
    fillers: Mapping[Column, tuple[str, ...]] = dataclasses.field(default_factory=dict)

    @model_validator(mode="after")
    def _holds_together(self) -> Self:
        for message in self._contradictions():
            raise ValueError(message)
        return self

    @property
    def forms(self) -> dict[str, Form]:
        """The columns that are compared or blocked on, and the form that each is in then."""
        compared = {column: form for each in self.compare for column, form in each.forms.items()}
        return {**{column: Form.PLAIN for each in self._blocks for column in each.columns}, **compared}

    @property
    def known(self) -> dict[str, Forms]:
        """The columns whose formal names are compared, and the short forms of these."""
        return {column: forms for each in self.compare for column, forms in each.known.items()}

    @property
    def worded(self) -> tuple[str, ...]:
        """The columns of whose words something is derived, see `vocabulary`."""
        lists = [*(each.worded for each in self._blocks), *(each.worded for each in self.compare)]
        return tuple(dict.fromkeys(column for columns in lists for column in columns))

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that its relation must have, beside those that tell records apart, in the order declared."""
        read = [column for each in self.golden for column in each.reads]
        return tuple(column for column in dict.fromkeys([*self.forms, *read]) if column not in KEY)

    @property
    def fields(self) -> dict[str, str]:
        """The fields of the golden record, and the columns that they come from."""
        return {field: column for each in self.golden for field, column in each.fields.items()}

    @property
    def _blocks(self) -> tuple[Block, ...]:
        return *self.block, *self.training.sure, *self.training.sessions

    def _contradictions(self) -> Iterator[str]:
        forms: dict[str, Form] = {}
        for each in self.compare:
            for column, form in each.forms.items():
                if forms.setdefault(column, form) != form:
                    yield f"a column is compared in two ways that do not go together: `{column}`"
            for column, known in each.known.items():
                if known != self.known[column]:
                    yield f"a column has two lists of nicknames: `{column}`"
        fields = [field for each in self.golden for field in each.fields]
        for field, times in Counter(fields).items():
            if times > 1:
                yield f"two rules say which value survives: `{field}`"
            if field in GENERAL:
                yield f"a field that every golden record has is declared: `{field}`"
        made = [*map(formal, self.known), *(name for column in self.worded for name in derived(column))]
        for column in self.columns:
            if column.lower() in (*TAKEN, *map(str.lower, made)):
                yield f"a column has a name that linking gives itself, call it otherwise in the relation: `{column}`"
        for column in self.hidden:
            if column not in self.forms:
                yield f"a column is to be hidden that is not compared: `{column}`"
        for column in self.fillers:
            if column not in self.forms:
                yield f"a column has fillers that is not compared: `{column}`"
        if set.intersection(*(set(each.equal) for each in self.training.sessions)):
            yield "a column is the same in all sessions of training, so its weights are never learned"
