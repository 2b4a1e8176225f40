"""A plan that is kept in a file: sealed when it is made, and applied once, where nothing has changed since.

What is applied is planned anew, and has to be what the file's digests say, so a file holds keys and masked
values alone. How many rows may be otherwise is up to who applies it; where they go to and by which declaration is not.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal

import pyarrow as pa
from pydantic import BaseModel, ConfigDict, NaiveDatetime, ValidationError
from typing_extensions import Self

from egress.engine.drift import Drift, as_text, marks_of
from egress.engine.plan import Options, Plan, Target
from shared.errors import UserError
from shared.utils.clock import utc_now
from shared.utils.console import say
from shared.utils.excerpts import excerpt
from shared.utils.files import write_whole
from shared.warehouse import Warehouse

LONGEST = timedelta(hours=24)
SHOWN_ROWS, SHOWN_CHARACTERS = 1_000, 200
MOST_BYTES = 16_000_000
HASHED_ROWS = 10_000
# Of so many rows of all targets together a file says what is done to each, so that it can be told which have changed.
MARKED_ROWS = 1_000_000
AGAIN = "nothing was sent; make a plan again, look at it, and apply that one"


class PlanRefused(UserError):
    """A plan of a file is not applied."""

    code = "plan_refused"


class SealedTarget(BaseModel):
    """What would be done at one target.

    Attributes:
        name: The target's.
        summary: The plan in lines for a person.
        steps: What is done to which row, and which fields that changes, of the first of them.
        left_out: How many more there are.
        rows: How many rows the model has.
        place: A digest of the target's declaration, where it delivers to, and its guard.
        digest: Of all that is done.
        marks: Of each step, as `drift` has them; None where steps are not of rows, or too many.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    summary: tuple[str, ...]
    steps: tuple[tuple[str, str, tuple[str, ...]], ...]
    left_out: int
    rows: int
    place: str
    digest: str
    marks: str | None

    @classmethod
    def of(cls, target: Target, plan: Plan, marked: int) -> Self:
        """Seal a plan for a target, with marks of its steps where they are not more than `marked`."""
        steps = plan.steps()
        first = steps.slice(0, SHOWN_ROWS)
        keys = first["key"].to_pylist()
        fields = plan.fields(keys)
        shown = [(excerpt(key, SHOWN_CHARACTERS), fields.get(key, ())) for key in keys]
        return cls(
            name=target.name,
            summary=tuple(plan.describe()),
            steps=tuple((action, *row) for action, row in zip(first["action"].to_pylist(), shown, strict=True)),
            left_out=steps.num_rows - first.num_rows,
            rows=plan.rows,
            place=place_of(target, plan),
            digest=digest_of(steps),
            marks=as_text(marks_of(steps)) if target.by_row and steps.num_rows <= marked else None,
        )

    def drift(self, target: Target, plan: Plan) -> Drift | None:
        """Return what is otherwise in the plan that is made now.

        Raises:
            PlanRefused: It is not the rows alone.
        """
        if place_of(target, plan) != self.place:
            raise PlanRefused(
                f"declaration, place or settings have changed since the plan was made: `{target.name}`", hint=AGAIN
            )
        steps = plan.steps()
        if digest_of(steps) == self.digest and plan.rows == self.rows:
            return None
        if self.marks is None:
            return Drift(None, "all of it is written anew" if not target.by_row else "too many rows to tell which")
        return Drift.of(self.marks, steps, plan.rows - self.rows)


class SealedPlan(BaseModel):
    """A plan as its file has it.

    Attributes:
        version: Of the file's form.
        warehouse: The identity of the one that it was made in.
        made_at: When that was, UTC.
        options: What the caller wanted; an approval stays the ceiling that it was.
        targets: What would be done, target by target.
        seal: A digest of all else, so that a file which was changed or cut is noticed.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: Literal[3] = 3
    warehouse: str
    made_at: NaiveDatetime
    options: Options
    targets: tuple[SealedTarget, ...]
    seal: str = ""

    @classmethod
    def of(cls, warehouse: Warehouse, options: Options, plans: Mapping[Target, Plan]) -> Self:
        """Seal plans."""
        targets = tuple(SealedTarget.of(target, plan, MARKED_ROWS // len(plans)) for target, plan in plans.items())
        identity = warehouse.identity.id
        draft = cls(warehouse=identity, made_at=utc_now(), options=options, targets=targets)
        return draft.model_copy(update={"seal": draft.own_seal()})

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read a file that `write` has written.

        Raises:
            PlanRefused: It cannot be read, or is not as it was written.
        """
        try:
            with path.open("rb") as file:
                found = cls.model_validate_json(file.read(MOST_BYTES))
        except OSError as error:
            raise PlanRefused(f"the plan cannot be read: `{path}`: {error.strerror}", hint="name its file") from None
        except ValidationError:
            raise PlanRefused(f"it is no plan: `{path}`", hint="name a file that `plan --out` has written") from None
        if found.seal != found.own_seal():
            raise PlanRefused(f"the plan is not as it was made, its seal is broken: `{path}`", hint=AGAIN)
        return found

    def write(self, path: Path) -> None:
        """Write it to a file."""
        write_whole(path, self.model_dump_json(indent=1) + "\n")

    def own_seal(self) -> str:
        """Return the seal that it should have."""
        return hashlib.sha256(self.model_dump_json(exclude={"seal"}).encode()).hexdigest()

    def check(self, warehouse: Warehouse, plans: Mapping[Target, Plan], now: datetime, drift: int) -> None:
        """Refuse to be applied where it does not say what `plans`, made now, would do, save for so many rows.

        Raises:
            PlanRefused: It is another warehouse's, too old, used, or more has changed since.
        """
        if self.warehouse != warehouse.identity.id:
            raise PlanRefused(f"the plan is another warehouse's than this one: `{self.warehouse}`", hint=AGAIN)
        made = f"{self.made_at:%Y-%m-%d %H:%M} UTC"
        if not timedelta() <= now - self.made_at <= LONGEST:
            hours = LONGEST // timedelta(hours=1)
            raise PlanRefused(f"the plan is not of the last {hours} hours: {made}", hint=AGAIN)
        if self._used(warehouse).exists():
            raise PlanRefused(f"the plan was applied before: made {made}", hint=AGAIN)
        sealed = {target.name: target for target in self.targets}
        moved = {
            target.name: found for target, plan in plans.items() if (found := sealed[target.name].drift(target, plan))
        }
        allow_drift(moved, drift)

    def use(self, warehouse: Warehouse) -> None:
        """Note that it is applied, so that it is not another time."""
        write_whole(self._used(warehouse), "")

    def _used(self, warehouse: Warehouse) -> Path:
        return warehouse.state_dir / "egress" / "applied" / self.seal


def allow_drift(moved: Mapping[str, Drift], allowed: int) -> None:
    """Say what has changed since a plan was made, by the targets' names.

    Raises:
        PlanRefused: It is more rows than are allowed, or nobody can tell how many.
    """
    if not moved:
        return
    told = "; ".join(f"`{name}`: {drift.said}" for name, drift in moved.items())
    counts = [drift.rows for drift in moved.values() if drift.rows is not None]
    rows = sum(counts) if len(counts) == len(moved) else None
    if rows is None or rows > allowed:
        instead = "" if rows is None else f"; or apply this one with `--allow-drift {rows}`"
        raise PlanRefused(f"model or send state have changed since the plan was made: {told}", hint=AGAIN + instead)
    say(f"{rows:,} rows have changed since the plan was made, {allowed:,} may: {told}")


def place_of(target: Target, plan: Plan) -> str:
    """Return a digest of what a plan goes by, whatever the rows: declaration, place and guard."""
    places = [(place.namespace, place.name) for place in target.datasets()]
    return hashlib.sha256(repr((target, target.name, places, plan.guard.bounds)).encode()).hexdigest()


def digest_of(steps: pa.Table) -> str:
    """Return a digest of all that a plan does."""
    digest = hashlib.sha256()
    steps = steps.combine_chunks()
    for begin in range(0, steps.num_rows, HASHED_ROWS):
        digest.update(json.dumps(steps.slice(begin, HASHED_ROWS).to_pydict()).encode())
    return digest.hexdigest()
