"""A page's rows and what lies within them, each in its own table."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from ingress.duplicate_keys import duplicated_keys
from ingress.gather.child import Child
from ingress.gather.gathered import Gathered, State
from ingress.gather.paths import MISSING, value_at, with_carried
from ingress.gather.spool import Spool
from ingress.source import Batch, Input, Resource, Watermark
from shared.data_quality import POSITION, BadRow
from shared.data_quality.json_text import as_json
from shared.data_quality.values import converter
from shared.data_quality.written import Unfit
from shared.errors import InputError
from shared.utils.calculator import calculator

PARENT, FILLED = "_parent", "_filled"


class Family:
    """The rows of a resource as they come, and those within them."""

    def __init__(self, resource: Resource, children: Sequence[Resource], label: str) -> None:
        self.own = Gathered(resource, label)
        self.children = [Within(child, label) for child in children]

    @property
    def members(self) -> list[Gathered]:
        """All that is gathered."""
        return [self.own, *self.children]

    def add(self, name: str, rows: Sequence[Any], *, order: int | None = None, first: int = 1) -> None:
        """Check a page and keep it; as of `Gathered.add`."""
        order = self.own.add(name, rows, order=order, first=first)
        for child in self.children:
            child.add_of(name, rows, order, first)

    def refuse(self, name: str, bad: BadRow) -> None:
        """Keep a bad row that is not of a list."""
        self.own.keep(Batch(name, self.own.spool.count, self.own.resource.rows.check([], []).good, [bad]))

    def mark(self) -> list[State]:
        """Return what is there now."""
        return [each.mark() for each in self.members]

    def back_to(self, states: Sequence[State]) -> None:
        """Forget what has come since."""
        for each, state in zip(self.members, states, strict=True):
            each.back_to(state)

    def inputs(self, since: Watermark | None = None, notes: Sequence[str] = ()) -> list[Input]:
        """Return what is to be loaded of each, once all is there."""
        return [each.input(since, notes if each is self.own else ()) for each in self.members]

    def close(self) -> None:
        """Let go of everything."""
        for each in self.members:
            each.close()


class Within(Gathered):
    """Rows that lie within others.

    Of a row that comes on two pages, what the later page has within it counts, as the row itself does.
    """

    def __init__(self, resource: Resource, label: str) -> None:
        assert isinstance(resource.reader, Child)
        self.child: Child = resource.reader
        super().__init__(resource, f"{label} {self.child.path}")
        self.parents = Spool()
        fields = {each.name: each for each in resource.rows.fields}
        columns = [fields[name] for name in self.child.parent]
        self._converters = {each.name: converter(each) for each in columns}
        self._schema = pa.schema(
            [(PARENT, pa.string()), (FILLED, pa.bool_()), *((each.name, each.arrow_type) for each in columns)]
        )

    def mark(self) -> State:
        """Return what is there now."""
        self._parents_mark = self.parents.mark()
        return super().mark()

    def back_to(self, state: State) -> None:
        """Forget what has come since the last mark."""
        self.parents.back_to(self._parents_mark)
        super().back_to(state)

    def add_of(self, name: str, parents: Sequence[Any], order: int, first: int) -> None:
        """Check what lies within the rows of a page, and keep it.

        Raises:
            InputError: A row's list goes on elsewhere, or has what its parent has with another value.
        """
        rows: list[Any] = []
        owners: list[str] = []
        bad: list[BadRow] = []
        seen: list[dict[str, Any]] = []
        for number, parent in enumerate(parents, start=first):
            found = value_at(parent, self.child.path) if isinstance(parent, dict) else MISSING
            # What is not said of, as an object that the API did not expand, is not said to be gone.
            if found is MISSING:
                continue
            within: Any = [] if found is None else [found] if isinstance(found, dict) else found
            key = {column: value_at(parent, at) for column, at in self.child.parent.items()}
            reason = self._unfit(within, key)
            if reason:
                bad.append(BadRow.of(number, reason, parent))
                continue
            self._refuse_more(parent)
            owner = json.dumps([as_json(value) for value in key.values()])
            seen.append({PARENT: owner, FILLED: bool(within), **self._typed(key)})
            rows += self._rows(parent, within, key)
            owners += [owner] * len(within)
        checked = self.checked(name, rows)
        # As positions are numbers on the page, they say whose each good row is.
        owned = pa.array([owners[position - 1] for position in checked.good[POSITION].to_pylist()], pa.string())
        good = checked.good.append_column(pa.field(PARENT, pa.string()), owned)
        self.keep(Batch(name, order, good, [*bad, *checked.bad]))
        self.parents.add(Batch(name, order, pa.RecordBatch.from_pylist(seen, self._schema), ()))

    def _unfit(self, within: object, key: Mapping[str, Any]) -> str | None:
        if not isinstance(within, list):
            return f"`{self.child.path}`: not a list"
        if any(value is MISSING or value is None or isinstance(value, (dict, list)) for value in key.values()):
            return "rows within a row that has no key"
        return None

    def _refuse_more(self, parent: Mapping[str, Any]) -> None:
        if self.child.more and value_at(parent, self.child.more) not in (MISSING, None, False, ""):
            raise InputError(
                f"a list within a row of `{self.label}` goes on elsewhere, by its `{self.child.more}`",
                hint="read it by its own address: Rest(…, of=…); nothing was loaded",
            )

    def _rows(self, parent: Mapping[str, Any], within: Sequence[Any], key: Mapping[str, Any]) -> Iterator[Any]:
        carried = {column: value_at(parent, at) for column, at in self.child.carry.items()}
        carried = {column: None if value is MISSING else value for column, value in carried.items()}
        for place, row in enumerate(within, start=1):
            number = {self.child.number: place} if self.child.number else {}
            yield with_carried(row, {**key, **carried, **number}, self.label)

    def _typed(self, key: Mapping[str, Any]) -> dict[str, Any]:
        """Return a parent's key as raw has it, or nothing where raw cannot have it."""
        try:
            values = {name: convert(key[name]) for name, convert in self._converters.items()}
            pa.RecordBatch.from_pylist([values], self._schema)
        except (Unfit, pa.ArrowException, OverflowError, UnicodeError):
            return dict.fromkeys(self.child.parent)
        return values

    def input(self, since: Watermark | None = None, notes: Sequence[str] = ()) -> Input:
        """Return what is to be loaded, once all is there."""
        latest = self._latest()
        self._later = latest
        found = super().input(since, notes)
        return Input(
            found.extras,
            found.batches,
            found.duplicated,
            found.since,
            found.sees_all,
            notes,
            lambda: self._emptied(latest),
        )

    def _latest(self) -> dict[str, int]:
        """Return the parents that came more than once, each with the last page that has it."""
        schema = pa.schema([self._schema.field(PARENT)])
        with calculator() as duck:
            doubled = duplicated_keys(duck, lambda: duck.from_arrow(self.parents.columns(schema)), [PARENT])[PARENT]
        if not len(doubled):
            return {}
        return {
            owner: batch.order
            for batch in self.parents.batches()
            for owner in batch.good.filter(pc.is_in(batch.good[PARENT], doubled.combine_chunks()))[PARENT].to_pylist()
        }

    def _emptied(self, latest: Mapping[str, int]) -> Iterator[pa.RecordBatch]:
        for batch in self.parents.batches():
            rows = batch.good.filter(pc.invert(batch.good[FILLED]))
            rows = rows.filter(counting(rows, latest, batch.order))
            rows = rows.select(list(self.child.parent)).drop_null()
            if rows.num_rows:
                yield rows
        self.parents.close()

    def _batches(self, extras: Sequence[str]) -> Iterator[Batch]:
        for batch in super()._batches(extras):
            good = batch.good.filter(counting(batch.good, self._later, batch.order))
            yield Batch(batch.origin, batch.order, good.drop_columns([PARENT]), batch.bad)

    def close(self) -> None:
        """Let go of everything."""
        self.parents.close()
        super().close()


def counting(rows: pa.RecordBatch, latest: Mapping[str, int], order: int) -> pa.Array:
    """Tell of each row whether its parent does not come again on a later page."""
    return pa.array([latest.get(owner, order) == order for owner in rows[PARENT].to_pylist()], pa.bool_())
