"""Resolve persons by the hundred thousand and the million, and bare Splink on the same data beside it.

    ./pixiw run -e entity-resolution python benchmarks/growth.py [--persons 100000 300000 1000000] [--no-splink]

The persons are made with a fixed seed: names, streets and places of FEBRL (`./pixiw run demo-data`), drawn
by how frequent they are there. Every fifth person has a second record with one to three alterations: a letter, given
name and surname swapped, a missing or moved date of birth, a new address in the same town. Each run is a process of
its own; its stages are what it says of them on the screen, its memory is the most that the system has seen. The result
is measured over all pairs of the clusters. Processor seconds say more than seconds where the machine has other work.
WAREHOUSE_MEMORY_LIMIT is 2GB for the warehouse and once more for Splink, as by default.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
from machine import machine_facts

from shared.config import Settings, get_settings
from shared.matching import compare
from shared.warehouse import open_warehouse

ROOT = Path(__file__).parents[1]
RESULT = ROOT / "benchmarks" / "results" / "growth.json"
FEBRL = get_settings().data_dir / "landing" / "crm" / "customers.csv"
LETTERS, DAYS = "abcdefghijklmnopqrstuvwxyz", 36_524
HOUSE = ("street_number", "address_1", "address_2")
VALUES = ("given_name", "surname", *HOUSE, "suburb", "postcode", "state")
SLIPS = ("given_name", "surname", "address_1", "suburb")
# Drawn with equal chances.
KINDS = [*SLIPS * 3, "swapped", "swapped", "no date", "date", "date", "date", "moved", "moved"]
STEP = re.compile(r"✓ (?P<name>[\w ]+?) +\((?P<seconds>[\d.]+) ?s\)")


def main() -> int:
    """Make the persons, resolve them both ways, and write what that took and came to."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--persons", type=int, nargs="+", default=[100_000, 300_000, 1_000_000])
    parser.add_argument("--no-splink", action="store_true", help="measure ours alone")
    parser.add_argument("--bare", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.bare:
        return bare(options.bare)
    rows = []
    for persons in options.persons:
        with tempfile.TemporaryDirectory(prefix="growth-") as folder:
            data = Path(folder)
            make(data / "parties.parquet", persons)
            rows.append({"persons": persons, "by": "platform", **ours(data)})
            print(json.dumps(rows[-1]), flush=True)
            if not options.no_splink:
                rows.append({"persons": persons, "by": "bare splink", **theirs(data)})
                print(json.dumps(rows[-1]), flush=True)
    result = {"runs": rows, "power": power(rows), **machine_facts(["duckdb", "splink"])}
    RESULT.write_text(json.dumps(result, indent=1) + "\n")
    return 0


def make(file: Path, persons: int) -> None:
    """Write the parties as core.dim_customer has them, and `person`: who each of them is."""
    with duckdb.connect() as connection:
        connection.execute(
            "create macro chance(person, what, most) as cast(hash(person, what, 'growth 1') % most as integer); "
            "create macro slip(a, person, what) as case when length(a) > 1 then "
            "substr(a, 1, 1 + chance(person, what, length(a) - 1)) "
            f"|| substr('{LETTERS}', 1 + chance(person, what || ' letter', 26), 1) "
            "|| substr(a, 3 + chance(person, what, length(a) - 1)) else a end"
        )
        for name in VALUES:
            values = f"list({name} order by customer_id) from read_csv('{FEBRL}', all_varchar = true)"
            connection.execute(f"set variable {name} = (select {values})")
        drawn_all = ", ".join(f"{drawn(name)} as {name}" for name in VALUES)
        born = f"date '1900-01-01' + chance(person, 'born', {DAYS}) as date_of_birth"
        connection.execute(
            f"create table person as select person, {drawn_all}, {born} from range({persons}) as people(person); "
            "create table copy as select * from person where person % 5 = 0"
        )
        for number in range(3):
            connection.execute(f"create or replace table copy as {altered(number)}")
        connection.execute(
            "copy (select source_system || ':' || source_id as party_id, *, cast(null as bigint) as household_id, "
            "true as is_current from (select 'crm' as source_system, 'C-' || person as source_id, * from person "
            "union all select 'loyalty', 'L-' || person, * from copy) order by hash(party_id)) "
            f"to '{file}' (format parquet)"
        )


def put(settings: Settings, file: Path) -> None:
    """Put parties that were made into core."""
    parties = pq.read_table(file).drop_columns(["person"])
    with open_warehouse(settings, holder="benchmark", role="transformation", mode="write") as warehouse:
        warehouse.replace_arrow("core.dim_customer", parties)


def drawn(name: str, again: str = "") -> str:
    """Return the expression for a value of FEBRL's, as frequent as there."""
    return f"getvariable('{name}')[1 + chance(person, '{name} {again}', len(getvariable('{name}')))]"


def altered(number: int) -> str:
    """Return the query for copies with one alteration more; the second and third are made in two of three each."""
    again = f"{number} = 0 or chance(person, 'again {number}', 3) > 0"
    kind = f"case when {again} then {KINDS}[1 + chance(person, 'kind {number}', {len(KINDS)})] end"
    changes = {name: [f"when '{name}' then slip({name}, person, 'slip {number}')"] for name in SLIPS}
    changes["given_name"].append("when 'swapped' then surname")
    changes["surname"].append("when 'swapped' then given_name")
    for name in HOUSE:
        changes.setdefault(name, []).append(f"when 'moved' then {drawn(name, str(number))}")
    born = f"date_of_birth + 1 + chance(person, 'days {number}', 30)"
    changes["date_of_birth"] = [f"when 'no date' then null when 'date' then {born}"]
    columns = [f"case kind {' '.join(cases)} else {name} end as {name}" for name, cases in changes.items()]
    return f"select * exclude kind replace ({', '.join(columns)}) from (select *, {kind} as kind from copy)"


def ours(data: Path) -> dict[str, Any]:
    """Resolve the parties as a user does, with ids, golden records and their history."""
    settings = Settings(data_dir=data / "platform", warehouse_url="")
    put(settings, data / "parties.parquet")
    arguments = ["-m", "entity_resolution", "run", "--entity", "customer"]
    took, said = run(arguments, DATA_DIR=str(settings.data_dir), WAREHOUSE_URL="", ENTITY_TRUTH="")
    stages = {match["name"]: float(match["seconds"]) for match in STEP.finditer(said)}
    warnings = [line for line in said.splitlines() if "warning:" in line]
    with open_warehouse(settings, holder="growth") as warehouse:
        clusters = warehouse.fetch_arrow("select party_id, entity_id as cluster from master.customer_xref")
    return {**took, "stages": stages, "warnings": warnings, **measured(data, clusters)}


def theirs(data: Path) -> dict[str, Any]:
    """Link the same parties with Splink alone: clusters and nothing else."""
    took, said = run([__file__, "--bare", str(data)])
    stages = {match["name"]: float(match["seconds"]) for match in STEP.finditer(said)}
    with duckdb.connect() as connection:
        clusters = connection.sql(f"select * from '{data / 'bare.parquet'}'").to_arrow_table()
    return {**took, "stages": stages, **measured(data, clusters)}


def bare(data: Path) -> int:
    """Link with the model that Splink's documentation leads to, and tighter rules than a small table would have."""
    import splink.comparison_library as compare
    from splink import DuckDBAPI, Linker, SettingsCreator, block_on

    connection = duckdb.connect()
    connection.execute(
        f"create table parties as select * exclude (person, source_system, source_id, household_id, "
        f"is_current), cast(date_of_birth as varchar) as born from '{data / 'parties.parquet'}'"
    )
    api = DuckDBAPI(connection)
    comparisons = [
        compare.NameComparison("given_name"),
        compare.NameComparison("surname"),
        compare.DateOfBirthComparison("born", input_is_string=True),
        compare.LevenshteinAtThresholds("address_1", [2]).configure(term_frequency_adjustments=True),
        compare.ExactMatch("street_number"),
        compare.LevenshteinAtThresholds("suburb", [2]),
        compare.LevenshteinAtThresholds("postcode", [1, 2]),
    ]
    rules = [
        block_on("given_name", "surname", "born"),
        block_on("given_name", "surname", "postcode"),
        block_on("given_name", "born"),
        block_on("surname", "born"),
        block_on("postcode", "born"),
        block_on("surname", "street_number", "suburb"),
        block_on("street_number", "address_1", "postcode"),
    ]
    settings = SettingsCreator(
        "dedupe_only",
        unique_id_column_name="party_id",
        comparisons=comparisons,
        blocking_rules_to_generate_predictions=rules,
        retain_matching_columns=False,
    )
    begun = time.monotonic()
    linker = Linker(api.register("parties"), settings, log_level=None)
    linker.training.estimate_probability_two_random_records_match([rules[0], rules[1]], recall=0.6)
    linker.training.estimate_u_using_random_sampling(max_pairs=2_000_000, seed=1)
    linker.training.estimate_parameters_using_expectation_maximisation(block_on("given_name", "surname"))
    linker.training.estimate_parameters_using_expectation_maximisation(block_on("postcode", "born"))
    trained = time.monotonic()
    pairs = linker.inference.predict(threshold_match_probability=0.95)
    predicted = time.monotonic()
    clusters = linker.clustering.cluster_pairwise_predictions_at_threshold(pairs, 0.95)
    connection.execute(
        f"copy (select party_id, cluster_id as cluster from {clusters.physical_name}) "
        f"to '{data / 'bare.parquet'}' (format parquet)"
    )
    ends = {"train": trained - begun, "predict": predicted - trained, "cluster": time.monotonic() - predicted}
    for name, seconds in ends.items():
        print(f"✓ {name} ({seconds:.1f} s)", file=sys.stderr)
    return 0


def run(arguments: list[str], **variables: str) -> tuple[dict[str, float], str]:
    """Run Python, and return its seconds and memory, and what it said on standard error."""
    begun = time.monotonic()
    with tempfile.TemporaryFile("w+") as said:
        process = subprocess.Popen(
            [sys.executable, *arguments], env=os.environ | variables, stdout=subprocess.DEVNULL, stderr=said
        )
        _, status, used = os.wait4(process.pid, 0)
        said.seek(0)
        text = said.read()
    if status:
        raise SystemExit(text[-3000:])
    processor = {"processor_seconds": round(used.ru_utime + used.ru_stime, 1)}
    memory = {"peak_gb": round(used.ru_maxrss / 1024**2, 2)}
    return {"seconds": round(time.monotonic() - begun, 1), **processor, **memory}, text


def measured(data: Path, clusters: pa.Table) -> dict[str, float]:
    """Return precision and recall over all pairs of the clusters, columns `party_id`, `cluster`."""
    found = compare(clusters, pq.read_table(data / "parties.parquet", columns=["party_id", "person"]))
    return {"precision": round(found.precision, 6), "recall": round(found.recall, 6)}


def power(rows: list[dict[str, Any]]) -> dict[str, float]:
    """Return by which power the processor time of each grows with the persons, from the fewest to the most."""
    found = {}
    for by in sorted({row["by"] for row in rows}):
        of = [row for row in rows if row["by"] == by]
        if len(of) > 1:
            times, persons = (
                of[-1]["processor_seconds"] / of[0]["processor_seconds"],
                of[-1]["persons"] / of[0]["persons"],
            )
            found[by] = round(math.log(times) / math.log(persons), 2)
    return found


if __name__ == "__main__":
    raise SystemExit(main())
