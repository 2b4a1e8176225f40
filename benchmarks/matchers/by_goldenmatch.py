"""Match records by goldenmatch as it configures itself: by_goldenmatch.py RECORDS CLUSTERS."""

import json
import resource
import sys
from pathlib import Path

import goldenmatch
import pyarrow as pa
import pyarrow.csv as pc
import pyarrow.parquet as pq
from flat import flat


def main(source: str, target: str) -> None:
    """Write the cluster of each record; one that is in none is alone."""
    records = pq.read_table(source)
    file = Path(source).with_suffix(".csv")
    pc.write_csv(flat(records), file)
    names = records["record"].to_pylist()
    found = dict(zip(names, names, strict=True))
    for number, cluster in goldenmatch.dedupe(str(file)).clusters.items():
        found |= {names[at]: str(number) for at in cluster["members"]}
    pq.write_table(pa.table({"record": list(found), "cluster": list(found.values())}), target)
    print(json.dumps({"peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024}))


if __name__ == "__main__":
    main(*sys.argv[1:])
