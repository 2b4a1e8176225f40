"""What a step was made from and what it made, kept in the ledger: it does nothing where nothing is new.

A `Step` has a name, inputs, settings, code and outputs. Each of these but the name is a `Part` with a version: a short
text, the same for what comes to the same. `keep` enters all versions with the run that has done the step, in the
transaction that writes what it made; `is_current` compares them with those of now. A step is current only where

- a run that has kept it has succeeded: one that failed or was killed does not count;
- it had the same inputs, settings and code as now, neither more nor fewer;
- what it made is still there as it was made.

How a version is found:

- `Rows`, `Relation`: rows are hashed where they are, in one pass without sorting, and the hashes added up; names and
  types of columns count, the order of rows and columns does not. The ledger is not asked who wrote a relation last: a
  build writes the same rows again, and a person may write without a run. An upgraded engine may come to another
  version, which costs one run.
- `File`: a hash of its bytes, which are read only where size or time of change are not those kept.
- `Code`: a hash of what is run, Python and SQL without comments, docstrings and layout; it is parsed only where a byte
  has changed.
- `Value`: a hash of canonical JSON, so that no setting can be read in the ledger.
"""

from shared.monitoring.versions.code import Code
from shared.monitoring.versions.parts import File, Part, Relation, Rows, Value
from shared.monitoring.versions.steps import Step, is_current, keep

__all__ = ["Code", "File", "Part", "Relation", "Rows", "Step", "Value", "is_current", "keep"]
