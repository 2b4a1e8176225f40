"""The checks that there are, with their arguments as a suite gives them.

Nulls are as in SQL: only `not_null` looks at them, to every other check a row without the value is no row.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from typing import Annotated, ClassVar, Literal, TypeAlias, get_args

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    FiniteFloat,
    Tag,
    model_validator,
)
from pydantic_core import PydanticCustomError

from shared.data_quality.expectations.values import (
    Scalar,
    distinct,
    duration,
    in_words,
    is_expression,
    of_one_kind,
    ordered,
    shown,
    storable,
    table_name,
)

Severity: TypeAlias = Literal["error", "warn"]
Dimension: TypeAlias = Literal["completeness", "validity", "uniqueness", "consistency", "freshness"]
Text: TypeAlias = Annotated[str, Field(min_length=1), AfterValidator(storable)]
TableName: TypeAlias = Annotated[Text, AfterValidator(table_name)]
Columns: TypeAlias = Annotated[list[Text], Field(min_length=1), AfterValidator(distinct)]
Duration: TypeAlias = Annotated[timedelta, BeforeValidator(duration)]


class Part(BaseModel):
    """A part of a suite: nothing in it is converted, and no key is let through unknown."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Source(Part):
    """A column of another table."""

    table: TableName
    column: Text


class Reference(Part):
    """The columns that a foreign key points to."""

    table: TableName
    columns: Columns


class Check(Part):
    """What one check looks at. Its `kind` is the key that it has in a suite."""

    dimension: ClassVar[Dimension]

    @property
    def looked_at(self) -> list[str]:
        """The columns of the table that the check is about."""
        return [*getattr(self, "columns", [])] or [getattr(self, name) for name in ("column",) if hasattr(self, name)]

    @property
    def expected(self) -> str:
        """What must be so, in words."""
        raise NotImplementedError


class NotNull(Check):
    """No row lacks one of the columns."""

    kind: Literal["not_null"]
    dimension = "completeness"
    columns: Columns

    @property
    def expected(self) -> str:
        """What must be so, in words."""
        return f"no null in {in_words(self.columns)}"


class Unique(Check):
    """No two rows have the same values in the columns; a row that lacks one of them has no equal."""

    kind: Literal["unique"]
    dimension = "uniqueness"
    columns: Columns

    @property
    def expected(self) -> str:
        """What must be so, in words."""
        return f"{in_words(self.columns)} unique"


class InSet(Check):
    """Every value is one of these."""

    kind: Literal["in_set"]
    dimension = "validity"
    column: Text
    values: Annotated[list[Scalar], Field(min_length=1), AfterValidator(of_one_kind)]

    @property
    def expected(self) -> str:
        """What must be so, in words."""
        first = ", ".join(shown(value) for value in self.values[:10])
        more = f" or {len(self.values) - 10} others" if len(self.values) > 10 else ""
        return f"`{self.column}` one of {first}{more}"


class InRange(Check):
    """Every value lies between two bounds, which belong to the range; NaN lies in none."""

    kind: Literal["in_range"]
    dimension = "validity"
    column: Text
    minimum: Scalar | None = None
    maximum: Scalar | None = None

    @model_validator(mode="after")
    def bounded(self) -> InRange:
        """Refuse a range without bounds, and one that nothing can lie in."""
        ordered(self.minimum, self.maximum)
        return self

    @property
    def expected(self) -> str:
        """What must be so, in words."""
        return f"`{self.column}` {bounds(self.minimum, self.maximum)}"


class Matches(Check):
    """A regular expression is found in every text; `shared.data_quality.expectations.regex` says which there may be."""

    kind: Literal["matches"]
    dimension = "validity"
    column: Text
    regex: Annotated[Text, AfterValidator(is_expression)]

    @property
    def expected(self) -> str:
        """What must be so, in words."""
        return f"`{self.column}` matches `{self.regex}`"


class ForeignKey(Check):
    """Every row that has all the columns finds a row in the other table."""

    kind: Literal["foreign_key"]
    dimension = "consistency"
    columns: Columns
    references: Reference

    @model_validator(mode="after")
    def paired(self) -> ForeignKey:
        """Refuse keys of different widths."""
        if len(self.columns) != len(self.references.columns):
            raise PydanticCustomError("width", "the key and what it references have different numbers of columns")
        return self

    @property
    def expected(self) -> str:
        """What must be so, in words."""
        return f"{in_words(self.columns)} in `{self.references.table}` ({in_words(self.references.columns)})"


class RowCount(Check):
    """The table has so many rows."""

    kind: Literal["row_count"]
    dimension = "completeness"
    minimum: Annotated[int, Field(ge=0)] | None = None
    maximum: Annotated[int, Field(ge=0)] | None = None

    @model_validator(mode="after")
    def bounded(self) -> RowCount:
        """Refuse a count without bounds, and one that nothing can have."""
        ordered(self.minimum, self.maximum)
        return self

    @property
    def expected(self) -> str:
        """What must be so, in words."""
        return f"a number of rows {bounds(self.minimum, self.maximum)}"


def form_of_moment(value: object) -> str | None:
    """Tell which form `since` has."""
    if isinstance(value, (Mapping, Source)):
        return "<column>"
    if isinstance(value, datetime):
        return "<moment>"
    return "<day>" if isinstance(value, date) else "<word>" if value in ("now", "stored") else None


class Freshness(Check):
    """The newest value is no older than this, counted from now, a fixed moment, or another column's newest value."""

    kind: Literal["freshness"]
    dimension = "freshness"
    column: Text
    within: Duration
    since: Annotated[
        Annotated[Literal["now"], Tag("<word>")]
        | Annotated[datetime, Tag("<moment>")]
        | Annotated[date, Tag("<day>")]
        | Annotated[Source, Tag("<column>")],
        Discriminator(
            form_of_moment,
            custom_error_type="since",
            custom_error_message="`now`, a date, a timestamp, or {table: …, column: …}",
        ),
    ] = "now"

    @property
    def expected(self) -> str:
        """What must be so, in words."""
        since = f"newest `{self.since.table}`.`{self.since.column}`" if isinstance(self.since, Source) else self.since
        return f"newest `{self.column}` within {shown(self.within)} of {since}"


class DistributionShift(Check):
    """The column's values are spread as those of a baseline, by the population stability index."""

    kind: Literal["distribution_shift"]
    dimension = "consistency"
    column: Text
    baseline: Annotated[
        Annotated[Literal["stored"], Tag("<word>")] | Annotated[Source, Tag("<column>")],
        Discriminator(
            form_of_moment, custom_error_type="baseline", custom_error_message="`stored`, or {table: …, column: …}"
        ),
    ]
    statistic: Literal["psi"] = "psi"
    maximum: Annotated[FiniteFloat, Field(ge=0, strict=False)] = 0.2

    @property
    def expected(self) -> str:
        """What must be so, in words."""
        source = self.baseline
        other = f"`{source.table}`.`{source.column}`" if isinstance(source, Source) else "when it last passed"
        return f"`{self.column}` spread as {other}: PSI up to {self.maximum:g}"


AnyCheck: TypeAlias = Annotated[
    NotNull | Unique | InSet | InRange | Matches | ForeignKey | RowCount | Freshness | DistributionShift,
    Field(discriminator="kind"),
]
CHECKS: tuple[str, ...] = tuple(
    get_args(check.model_fields["kind"].annotation)[0] for check in get_args(get_args(AnyCheck)[0])
)


def models(part: type[BaseModel] = Part) -> Iterator[type[BaseModel]]:
    """Return every kind of part that a suite may have."""
    yield part
    for kind in part.__subclasses__():
        yield from models(kind)


def bounds(minimum: object, maximum: object) -> str:
    """Say a range in words."""
    if minimum is None:
        return f"up to {shown(maximum)}"
    return f"from {shown(minimum)} up" if maximum is None else f"from {shown(minimum)} to {shown(maximum)}"
