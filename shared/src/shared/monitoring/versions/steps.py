"""Steps, and what the ledger knows of how they were done last."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import pyarrow as pa

from shared.monitoring.ledger import Run
from shared.monitoring.versions.parts import Part, Value
from shared.warehouse import Warehouse

# The versions that the last run has kept of those that succeeded.
LAST = """
    select part, name, version
    from (
        select v.part, v.name, v.version, rank() over (order by r.sequence desc) as age
        from ops.run_version as v inner join ops.run as r on v.run_id = r.run_id
        where v.step = $1 and r.status = 'succeeded'
    ) as kept
    where age = 1
"""


@dataclass(frozen=True)
class Step:
    """A step, with all that decides what it makes.

    Attributes:
        name: The same each time: `resolve`.
        inputs: What it reads, by name.
        settings: What can be set and changes what it makes: values that JSON can hold.
        code: What it runs.
        outputs: What it makes, by name.
    """

    name: str
    inputs: Mapping[str, Part]
    settings: Mapping[str, object]
    code: Part
    outputs: Mapping[str, Part]

    def parts(self) -> dict[tuple[str, str], Part]:
        """Return all that has a version by kind and name, what is found quickly first."""
        return {
            ("settings", ""): Value(self.settings),
            ("code", ""): self.code,
            **{("input", name): part for name, part in self.inputs.items()},
            **{("output", name): part for name, part in self.outputs.items()},
        }


def is_current(warehouse: Warehouse, step: Step, *, but: Collection[str] = ()) -> bool:
    """Tell whether doing a step again would make what is there.

    Args:
        warehouse: Whose ledger is asked.
        step: The step.
        but: Inputs that may be others by now: so a step learns that nothing but these has changed.
    """
    kept = {(part, name): version for part, name, version in warehouse.fetch(LAST, [step.name])}
    parts = step.parts()
    passed_over = {("input", name) for name in but}
    return kept.keys() == parts.keys() and all(
        part.has(kept[place]) for place, part in parts.items() if place not in passed_over
    )


def keep(run: Run, step: Step) -> None:
    """Enter what a step was made from and what it made, once in a run.

    Call it in the transaction that writes what was made, with inputs as they were read.
    """
    records = [
        {"run_id": run.id, "step": step.name, "part": kind, "name": name, "version": part.version()}
        for (kind, name), part in step.parts().items()
    ]
    run.warehouse.append_arrow("ops.run_version", pa.Table.from_pylist(records))
