"""Layouts of the tables that the platform keeps for itself: numbered steps, each run once, forwards only.

A step is a file `NNNN_name.sql` beside what its owner does with the tables, in SQL that both engines understand. Once
committed it stays as it is: what it has made is brought on by the next one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from shared.errors import UserError, WrongWarehouse
from shared.utils.clock import utc_now
from shared.utils.console import say
from shared.warehouse.base import Warehouse

FILE = re.compile(r"(\d{4})_(\w+)\.sql")


@dataclass(frozen=True)
class Step:
    """What brings tables from the layout before `number` to that layout."""

    number: int
    path: Path

    @property
    def name(self) -> str:
        """What it brings, in words."""
        return FILE.sub(r"\2", self.path.name).replace("_", " ")

    @property
    def sql(self) -> str:
        """Its statements."""
        return self.path.read_text(encoding="utf-8")


@dataclass(frozen=True)
class Migrations:
    """The steps of one owner.

    Attributes:
        owner: The schema that its tables are in.
        folder: Where the files of the steps are.
    """

    owner: str
    folder: Path

    @cached_property
    def steps(self) -> tuple[Step, ...]:
        """All steps in their order.

        Raises:
            ValueError: They are not numbered from 1 without a gap.
        """
        files = {path: FILE.fullmatch(path.name) for path in sorted(self.folder.glob("*.sql"))}
        steps = tuple(Step(int(match[1]) if match else 0, path) for path, match in files.items())
        if [step.number for step in steps] != list(range(1, len(steps) + 1)):
            raise ValueError(f"not numbered 0001, 0002, …: {', '.join(path.name for path in files)}")
        return steps

    @property
    def latest(self) -> int:
        """The layout that this version of the platform works with."""
        return len(self.steps)


OPS = Migrations("ops", Path(__file__).parent)


def version_of(warehouse: Warehouse, migrations: Migrations) -> int:
    """Return which layout an owner's tables have in a warehouse; 0 where there are none, or from before the first step.

    Raises:
        WrongWarehouse: One that only a newer version of the platform knows.
    """
    if migrations.owner == OPS.owner:
        found = warehouse.fetch("select layout_version from ops.identity")
    elif warehouse.tables(migrations.owner):
        found = warehouse.fetch("select version from ops.layout where owner = $1", [migrations.owner])
    else:
        found = []
    version = int(found[0][0]) if found else 0
    if version > migrations.latest:
        raise WrongWarehouse(
            f"a newer version of the platform has made the tables of `{migrations.owner}` "
            f"(layout {version}, this one knows {migrations.latest}): `{warehouse.location}`",
            hint="bring this checkout up to date, then run it again; nothing was written",
        )
    return version


def migrate(warehouse: Warehouse, migrations: Migrations) -> None:
    """Bring an owner's tables to the latest layout, each step in one transaction.

    Raises:
        WrongWarehouse: They have a newer layout, or an older one and the login may not change them.
        Collision: Another session was in the way for longer than WAREHOUSE_LOCK_TIMEOUT.
    """
    for step in migrations.steps[version_of(warehouse, migrations) :]:
        try:
            with warehouse.transaction():
                warehouse.hold("migrations")
                # Who held it may have taken the step.
                if version_of(warehouse, migrations) < step.number:
                    warehouse.execute(step.sql)
                    _note(warehouse, migrations, step)
        except UserError as error:
            if error.code != "not_permitted":
                raise
            raise older(warehouse, migrations) from error


def require_latest(warehouse: Warehouse, migrations: Migrations) -> None:
    """Make sure that an owner's tables are what this version of the platform reads.

    Raises:
        WrongWarehouse: They have an older layout or a newer one.
    """
    if version_of(warehouse, migrations) < migrations.latest:
        raise older(warehouse, migrations)


def older(warehouse: Warehouse, migrations: Migrations) -> OlderWarehouse:
    """Return the error for tables of an older layout that are not brought up to date here."""
    return OlderWarehouse(
        f"an earlier version of the platform has made the tables of `{migrations.owner}` "
        f"(layout {version_of(warehouse, migrations)}, this one needs {migrations.latest}): `{warehouse.location}`",
        hint=f"`{warehouse.upgrade}` brings them up to date, and keeps every row; nothing was written",
    )


class OlderWarehouse(WrongWarehouse):
    """The tables have the layout of an earlier version of the platform."""

    code = "older_warehouse"


def _note(warehouse: Warehouse, migrations: Migrations, step: Step) -> None:
    """Write down which layout an owner's tables have now."""
    if migrations.owner == OPS.owner:
        warehouse.execute("update ops.identity set layout_version = $1", [step.number])
    else:
        warehouse.execute(
            "insert into ops.layout (owner, version, migrated_at) values ($1, $2, $3) on conflict (owner) "
            "do update set version = excluded.version, migrated_at = excluded.migrated_at",
            [migrations.owner, step.number, utc_now()],
        )
    say(f"`{warehouse.location}`: layout {step.number} of `{migrations.owner}`, {step.name}")
