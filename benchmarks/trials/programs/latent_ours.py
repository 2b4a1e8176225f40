"""Learn classes of pairs by ours: latent_ours.py PATTERNS."""

from __future__ import annotations

import json
import sys
import time

import numpy as np

from entity_resolution.new.agreement import Agreement, Pool
from entity_resolution.new.latent import learn

given = np.load(sys.argv[1])
columns = tuple(str(place) for place in range(len(given["chance"])))
pools = tuple(
    Pool((), 0.0, 0.0, given["patterns"][given["pool"] == place], given["times"][given["pool"] == place])
    for place in range(int(given["pool"].max()) + 1)
)
begun, used = time.perf_counter(), time.process_time()
classes = learn(Agreement(columns, given["chance"], np.ones(len(columns)), 0, pools))
seconds, cpu_seconds = time.perf_counter() - begun, time.process_time() - used
print(json.dumps({"seconds": seconds, "cpu_seconds": cpu_seconds, "purity": classes.purity.tolist()}))
