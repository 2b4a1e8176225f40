"""Match records by custmatch, whose questions the truth answers: by_custmatch.py RECORDS CLUSTERS."""

import csv
import json
import resource
import sys
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv as pc
import pyarrow.parquet as pq
from custmatch import labels, pipeline
from flat import flat

# As its package advises: some pairs at random, by which the threshold is chosen, and more where the model is unsure.
RANDOM, ACTIVE, ROUNDS = 200, 100, 3
FEBRL = {
    "columns": {
        "first_name": "given_name",
        "last_name": "surname",
        "date_of_birth": "date_of_birth",
        "addr_number": "street_number",
        "addr_street": "address_1",
    },
    "similar": ("address_2", "suburb", "postcode"),
    "exact": ("state",),
    "block": [["date_of_birth"], ["last_name", "postcode"], ["first_name", "postcode"], ["addr_street", "suburb"]],
}
REGISTER = {
    "columns": {"first_name": "first_name", "last_name": "surname", "date_of_birth": "born"},
    "similar": ("birth_place", "parish", "occupation"),
    "exact": ("gender",),
    "block": [["last_name", "date_of_birth"], ["first_name", "date_of_birth"], ["parish"], ["last_name"]],
}
INVENTORS = {
    "columns": {"first_name": "first_name", "last_name": "last_name"},
    "similar": ("city", "assignees", "inventors", "classes"),
    "exact": ("state",),
    "block": [["first_name", "last_name"], ["last_name", "city"], ["last_name", "assignees"]],
    "max_block": 300,
}
RESIDENTS = {
    "columns": {
        **{name: name for name in ("first_name", "middle_initial", "last_name", "date_of_birth")},
        "addr_number": "street_number",
        "addr_street": "street_name",
        "addr_unit": "unit_number",
    },
    "similar": (),
    "exact": ("sex", "race_ethnicity"),
    "block": [["date_of_birth"], ["first_name", "last_name"], ["first_name", "middle_initial", "addr_number"]],
}
# By a column that no other set has.
CONFIGS: dict[str, dict[str, Any]] = {
    "parish": REGISTER,
    "suburb": FEBRL,
    "inventors": INVENTORS,
    "housing_type": RESIDENTS,
}


def main(source: str, target: str) -> None:
    """Label pairs, learn from them, and write the customer of each record."""
    records = pq.read_table(source)
    folder = Path(source).with_name("by_custmatch")
    folder.mkdir(exist_ok=True)
    pc.write_csv(flat(records), folder / "records.csv")
    said = next(config for column, config in CONFIGS.items() if column in records.column_names)
    others = [*((name, "similarity") for name in said["similar"]), *((name, "exact") for name in said["exact"])]
    columns = {"record_id": "record", **said["columns"], **{name: name for name, _ in others}}
    config = {
        "sources": [{"name": "all", "path": "records.csv", "columns": columns}],
        "extra_fields": [{"name": name, "compare": compare} for name, compare in others],
        "extra_blocking": said["block"],
        **({"max_block": said["max_block"]} if "max_block" in said else {}),
    }
    (folder / "config.json").write_text(json.dumps(config))
    known = dict(zip(*pq.read_table(Path(source).with_name("truth.parquet")).to_pydict().values(), strict=True))
    settings, labelled, batch = (str(folder / name) for name in ("config.json", "labels.csv", "batch.csv"))
    labels.sample(settings, RANDOM, batch)
    answers = answered(batch, known)
    for number in range(ROUNDS):
        write(labelled, answers)
        labels.sample_active(settings, labelled, ACTIVE, batch, seed=number)
        answers += answered(batch, known)
    write(labelled, answers)
    pipeline.run(settings, labelled, str(folder / "out"), log=lambda _: None)
    with (folder / "out" / "clusters.csv").open() as file:
        clusters = {row["record_id"]: row["customer_id"] for row in csv.DictReader(file)}
    pq.write_table(pa.table({"record": list(clusters), "cluster": list(clusters.values())}), target)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(json.dumps({"peak_mib": peak, "labelled": len(answers)}))


def answered(batch: str, known: dict[str, str]) -> list[dict[str, str]]:
    """Return the pairs of a batch with what the truth says of them."""
    with Path(batch).open() as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        one, other = (known[row[side].partition(":")[2]] for side in "ab")
        row["label"] = str(int(one == other))
    return rows


def write(file: str, rows: list[dict[str, str]]) -> None:
    """Write labelled pairs."""
    with Path(file).open("w", newline="") as target:
        writer = csv.DictWriter(target, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


if __name__ == "__main__":
    main(*sys.argv[1:])
