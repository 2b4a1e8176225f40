"""A suite: what tables are expected to be, from YAML by `load_suite` or from Python by `Suite.model_validate`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from shared.data_quality.expectations.checks import CHECKS, AnyCheck, Part, Severity, TableName, Text
from shared.data_quality.expectations.values import distinct, in_words
from shared.utils.names import suggestion

# What other tools call the same check.
ALSO_CALLED = {
    "accepted_values": "in_set",
    "relationships": "foreign_key",
    "expect_column_values_to_not_be_null": "not_null",
    "expect_column_values_to_be_unique": "unique",
    "expect_column_values_to_be_in_set": "in_set",
    "expect_column_values_to_be_between": "in_range",
    "expect_column_values_to_match_regex": "matches",
    "expect_table_row_count_to_be_between": "row_count",
}


class Expectation(Part):
    """A check of a table, what its failure means, and which rows count.

    Attributes:
        name: What it is called in outcomes and in the history; one of a kind in its table.
        where: An SQL condition; other rows are as if they were not there. It is the author's SQL, run as it stands.
    """

    check: AnyCheck
    severity: Severity = "error"
    name: Text = ""
    where: Text | None = None

    @model_validator(mode="before")
    @classmethod
    def parted(cls, entry: Any) -> Any:
        """Part the one check of an entry from its options."""
        if isinstance(entry, cls):
            return entry
        if not isinstance(entry, Mapping):
            raise PydanticCustomError("entry", "an entry is a check with its arguments: `- not_null: {columns: [a]}`")
        options = {key: value for key, value in entry.items() if key in cls.model_fields and key != "check"}
        if "name" in options and not options["name"]:
            raise PydanticCustomError("name", "the name is empty")
        kinds = [key for key in entry if key not in options]
        if len(kinds) != 1:
            raise PydanticCustomError("entry", f"an entry has one check, this one has {len(kinds)}: {in_words(kinds)}")
        arguments = entry[kinds[0]]
        if kinds[0] not in CHECKS:
            raise PydanticCustomError("check", f"no such check: `{kinds[0]}`; {hint_for(str(kinds[0]))}")
        if not isinstance(arguments, Mapping) or "kind" in arguments:
            raise PydanticCustomError("entry", f"the arguments of `{kinds[0]}` are keys and values: `{{columns: [a]}}`")
        check = {**arguments, "kind": kinds[0]}
        return {"name": ": ".join(filter(None, [kinds[0], looked_at(arguments)])), **options, "check": check}


def looked_at(arguments: Mapping[str, object]) -> str:
    """Return the columns that a check's arguments name."""
    columns = arguments.get("columns", [arguments.get("column", "")])
    return ", ".join(map(str, columns)) if isinstance(columns, list) else ""


def hint_for(kind: str) -> str:
    """Say which check was probably meant."""
    if kind in ALSO_CALLED:
        return f"it is called `{ALSO_CALLED[kind]}` here"
    return suggestion(kind, CHECKS)


class TableExpectations(Part):
    """What one table is expected to be.

    Attributes:
        key: The columns that name a row, for the samples of rows that fail.
    """

    key: Annotated[list[Text], AfterValidator(distinct)] = Field(default_factory=list)
    expect: Annotated[list[Expectation], Field(min_length=1)]

    @model_validator(mode="after")
    def without_doubles(self) -> TableExpectations:
        """Refuse the same check twice, and two of the same name."""
        for place, one in enumerate(self.expect):
            for other in self.expect[:place]:
                if (one.check, one.where) == (other.check, other.where):
                    raise PydanticCustomError("double", f"the same check twice: `{other.name}`, `{one.name}`")
                if one.name == other.name:
                    raise PydanticCustomError("double", f"two checks called `{one.name}`: give one of them a `name`")
        return self


class Suite(Part):
    """The expectations of any number of tables, by the name `schema.table`."""

    version: Literal[1]
    tables: Annotated[dict[TableName, TableExpectations], Field(min_length=1)]
