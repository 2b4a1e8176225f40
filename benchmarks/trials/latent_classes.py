"""Tell by ours and by StepMix how many rows that agree in columns are of one entity, without knowing which are.

    ./pixiw run -e entity-resolution python benchmarks/trials/latent_classes.py [--times 3]

Both get the same patterns in which rows agree, and the pool of each; the shares that they tell are held against the
truth. Which of its classes are of one entity StepMix does not say: those are taken that come nearest to the truth. Ours
does not see it.
"""

from __future__ import annotations

import argparse
import tempfile
from functools import partial
from itertools import combinations
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import trial
from matching_published import inventors, residents
from matching_sets import Register, febrl

from entity_resolution.kinds import functions
from entity_resolution.new.agreement import Agreement, Compared, Floats
from entity_resolution.new.profile import TABLE, look_at
from shared.warehouse import quote

KEPT = ("record", "entity", "source_system")
SEED = 7


def main() -> None:
    """Make the patterns, let both learn from them, and write the result."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--times", type=int, default=3)
    times = parser.parse_args().times
    result: dict[str, Any] = {}
    with tempfile.TemporaryDirectory(prefix="latent-") as name:
        folder = Path(name)
        sets = {
            "FEBRL 4": partial(febrl, folder / "febrl", "4"),
            "register": lambda: Register(SEED).table(20_000),
            "inventors": partial(inventors, folder / "inventors"),
            "residents": partial(residents, folder / "residents"),
        }
        for called, make in sets.items():
            found, truth = patterns_of(make())
            file = folder / "patterns.npz"
            shape = [len(pool.times) for pool in found.pools]
            np.savez(
                file,
                patterns=np.vstack([pool.patterns for pool in found.pools]),
                times=np.concatenate([pool.times for pool in found.pools]),
                pool=np.repeat(np.arange(len(shape)), shape),
                chance=found.chance,
            )
            commands = {"ours": trial.ours("latent_ours.py"), "stepmix": trial.rival("latent_stepmix.py")}
            told = trial.in_turns({way: [*line, str(file)] for way, line in commands.items()}, times)
            result[called] = {way: judged(one, found, truth) for way, one in told.items()}
    trial.write("latent_classes", result)


def patterns_of(records: pa.Table) -> tuple[Agreement, Floats]:
    """Return how rows agree, and which share of each pool truly is of one entity."""
    with duckdb.connect() as connection:
        connection.execute(functions.duckdb())
        connection.register("records", records)
        connection.execute(f"create table {TABLE} as from records")
        looks = [
            look_at(connection, field.name, "nested" if pa.types.is_list(field.type) else "text")
            for field in records.schema
            if field.name not in KEPT
        ]
        several = [look for look in looks if look.distinct > 1]
        found = Compared(connection, several, records.num_rows).agreement([look.name for look in several])
        return found, np.array([truth_of(connection, pool.columns) for pool in found.pools])


def truth_of(connection: duckdb.DuckDBPyConnection, columns: tuple[str, ...]) -> float:
    """Return which share of rows is of one entity with another that agrees in columns."""
    keys = [f"plain_text(cast({quote(name)} as varchar))" for name in columns]
    row = connection.execute(
        f"select avg((entity = other)::integer) from (select entity, lag(entity) over (partition by {', '.join(keys)} "
        f"order by hash(record)) as other from {TABLE} where {' and '.join(f'{key} is not null' for key in keys)}) "
        "where other is not null"
    ).fetchone()
    assert row is not None
    return float(row[0])


def judged(told: dict[str, Any], found: Agreement, truth: Floats) -> dict[str, Any]:
    """Return what was told, with how far it is from the truth: the mean over all rows, and the worst pool."""
    rows = [float(pool.times.sum()) for pool in found.pools]
    if "shares" in told:
        shares = np.array(told.pop("shares"))
        some = [list(each) for n in range(1, shares.shape[1]) for each in combinations(range(shares.shape[1]), n)]
        purities = [shares[:, each].sum(axis=1) for each in some]
        told["purity"] = min(purities, key=lambda purity: float(np.average(np.abs(purity - truth), weights=rows)))
    elif "purity" not in told:
        return told
    wrong = np.abs(np.array(told.pop("purity")) - truth)
    return {**told, "wrong_mean": round(float(np.average(wrong, weights=rows)), 4), "wrong_most": round(wrong.max(), 3)}


if __name__ == "__main__":
    main()
