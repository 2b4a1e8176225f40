# /// script
# requires-python = ">=3.10"
# dependencies = ["stepmix==3.0.0"]
# ///
"""Learn classes of pairs by StepMix, with the pool as a covariate of the classes: latent_stepmix.py PATTERNS."""

from __future__ import annotations

import json
import sys
import time

import numpy as np
from stepmix.stepmix import StepMix

MOST_OF_POOL = 2_000.0

given = np.load(sys.argv[1])
patterns, times, pool = (given[name] for name in ("patterns", "times", "pool"))
pools = np.eye(int(pool.max()) + 1)[pool]
rows = pools.T @ times
weights = times * np.minimum(1.0, MOST_OF_POOL / rows)[pool]
begun, used = time.perf_counter(), time.process_time()
model = StepMix(
    n_components=3,
    measurement="binary_nan",
    structural="covariate",
    n_steps=1,
    n_init=3,
    random_state=7,
    progress_bar=0,
)
model.fit(patterns, pools[:, 1:], sample_weight=weights)
shares = model.predict_proba(patterns, pools[:, 1:])
seconds, cpu_seconds = time.perf_counter() - begun, time.process_time() - used
print(
    json.dumps(
        {
            "seconds": seconds,
            "cpu_seconds": cpu_seconds,
            "shares": (pools.T @ (times[:, None] * shares) / rows[:, None]).tolist(),
        }
    )
)
