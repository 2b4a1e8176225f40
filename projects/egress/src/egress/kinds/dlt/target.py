"""The kind `dlt`: all of a model as one table at any destination of dlt's, replaced as a whole where it has changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import pyarrow as pa
from typing_extensions import override

from egress.engine.content import WholePlan, content_of, reading
from egress.engine.errors import TargetUnavailable
from egress.engine.plan import Options, Tally, Target, steps_of
from egress.engine.state import SendState, answers
from shared.config.named import Setting, settings_of, with_values
from shared.errors import ConfigurationError, first_line
from shared.http.redaction import masked
from shared.monitoring import Run
from shared.monitoring.lineage import Dataset
from shared.utils.console import say
from shared.utils.scratch import scratch_folder
from shared.warehouse import Warehouse

if TYPE_CHECKING:
    import dlt
    from dlt.common.schema.typing import TTableSchemaColumns

# Nobody reads a table that is half new: the rows wait beside it, and take its place in one transaction.
STAGED = "insert-from-staging"


@dataclass(frozen=True, eq=False)
class Dlt(Target):
    """Copies a model with dlt where its content differs from what was copied last.

    Attributes:
        destination: dlt's name of the destination: `duckdb`, `filesystem`, `snowflake`, …
        arguments: What dlt's factory of it takes. What may be secret, or differs from one machine to the next, is a
            `shared.config.named.Setting`; `credentials` may be a mapping with some.
        dataset: The schema, or the folder, that the table is in.
    """

    by_row = False
    destination: str = field(kw_only=True)
    arguments: Mapping[str, Any] = field(kw_only=True)
    dataset: str = field(kw_only=True)

    @property
    def form(self) -> str:
        """The destination and the table."""
        return f"`{self.relation}` at dlt's `{self.destination}`"

    @property
    def relation(self) -> str:
        """The table with its dataset; it is called as the model is."""
        return f"{self.dataset}.{self.model.name}"

    @property
    @override
    def named_settings(self) -> tuple[Setting, ...]:
        return tuple(settings_of(self.arguments))

    @property
    @override
    def writes(self) -> tuple[str, ...]:
        # Arguments that are no settings may be secret.
        where = sha256(repr(self.arguments).encode()).hexdigest()[:8]
        return (f"{self.relation} at dlt's {self.destination} ({where})",)

    def datasets(self) -> tuple[Dataset, ...]:
        """Return the table; where the destination is, only its settings know."""
        return (Dataset(f"dlt://{self.destination}", self.relation),)

    def plan(self, warehouse: Warehouse, options: Options) -> DltPlan:
        """Find out whether the model differs from what was copied last."""
        with self.model.held_still(warehouse):
            rows, content = content_of(warehouse, self.model)
        copied = warehouse.fetch(
            "select payload_hash from ops.delivery where target = $1 and row_key = $2", [self.name, self.relation]
        )
        stale = options.full or [(content,)] != copied
        return DltPlan.of(self, warehouse, options, rows, anew=stale, to=self, content=content)

    def pipeline(self, folder: str) -> dlt.Pipeline:
        """Return what dlt copies with.

        Raises:
            ConfigurationError: A setting is missing, or dlt has no such destination or wants other arguments.
        """
        # It takes a second to import, and most runs copy nothing.
        import dlt
        from dlt.common.destination.reference import DestinationReference
        from dlt.common.exceptions import DltException

        arguments: Any = with_values(self.arguments)
        try:
            made = DestinationReference.from_reference(self.destination, destination_name=self.destination, **arguments)
            return dlt.pipeline(
                f"egress_{self.name}", pipelines_dir=folder, destination=made, dataset_name=self.dataset
            )
        except (DltException, TypeError, ValueError, ImportError) as error:
            raise ConfigurationError(
                f"dlt cannot use the destination of `{self.name}`: {masked(first_line(error))}",
                hint="correct `destination` and `arguments` in its module, or add the package to "
                "projects/egress/pyproject.toml, then `./pixiw run lock egress`",
            ) from error


@dataclass(frozen=True)
class DltPlan(WholePlan):
    """Whether to copy the model.

    Attributes:
        to: The target.
        content: A hash of what is copied.
    """

    to: Dlt
    content: str

    def steps(self) -> pa.Table:
        """Return the table to replace, if it is to be."""
        replaced = [self.to.relation] if self.to_send else []
        return steps_of("replace", replaced, [self.content] * len(replaced), pa.nulls(len(replaced)))

    def details(self) -> list[str]:
        """Say what is replaced."""
        return [f"replace    {self.to.form}"] if self.to_send else ["unchanged since it was copied"]

    def apply(self, run: Run, tally: Tally) -> None:
        """Copy the model, and mark it when all of it is there. Killed in between, the next run copies it once more."""
        if not self.to_send:
            return
        warehouse, state = run.warehouse, SendState(run.warehouse, self.target, run.id)
        with reading(warehouse, self.model, 1) as (rows, content, streams):
            if not rows:
                return
            with scratch_folder() as folder:
                load = copied(self.to, self.to.pipeline(str(folder)), streams[0], rows)
        state.mark(answers([self.to.relation], content, "delivered", load))
        say(f"{self.target}: copied {rows:,} rows to {self.to.form}")
        tally.sent = rows


def copied(to: Dlt, pipeline: dlt.Pipeline, stream: pa.RecordBatchReader, rows: int) -> str:
    """Replace the table at a destination by these rows, and return dlt's id of the load.

    Raises:
        TargetUnavailable: The destination did not take all of them.
    """
    import dlt
    from dlt.common.libs.pyarrow import py_arrow_to_table_schema_columns
    from dlt.pipeline.exceptions import PipelineStepFailed

    columns = py_arrow_to_table_schema_columns(stream.schema)
    destination = pipeline.destination
    assert destination is not None
    staged = STAGED in (destination.capabilities().supported_replace_strategies or ())
    replace: Any = {"disposition": "replace", **({"strategy": STAGED} if staged else {})}
    resource = dlt.resource(lambda: iter(stream), name=to.model.name, columns=columns, write_disposition=replace)
    try:
        # dlt would keep the types of before, and write a column of another type beside the former one.
        refresh: Any = "drop_resources" if has_other_columns(pipeline, to.model.name, columns) else None
        loaded = pipeline.run(resource, loader_file_format="parquet", refresh=refresh)
    except PipelineStepFailed as error:
        raise TargetUnavailable(
            f"`{to.name}` did not take the copy: {masked(first_line(error.exception))}",
            hint="run it again; all of the table is copied again",
        ) from error
    trace = pipeline.last_trace.last_normalize_info if pipeline.last_trace else None
    if trace is None or trace.row_counts.get(to.model.name) != rows:
        raise TargetUnavailable(f"`{to.name}` did not take all rows", hint="run it again")
    return str(loaded.loads_ids[0])


def has_other_columns(pipeline: dlt.Pipeline, table: str, columns: TTableSchemaColumns) -> bool:
    """Tell whether a destination has the table with other columns, or types, than these."""
    pipeline.sync_destination()
    names = list(pipeline.schemas)
    before = pipeline.schemas[names[0]].tables.get(table) if names else None
    return before is not None and before["columns"] != columns
