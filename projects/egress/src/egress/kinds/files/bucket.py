"""Files behind a server: any place that fsspec has a client for, published by a manifest that is written last.

Nothing can be renamed there, so each delivery has a folder of its own, which nobody reads until the manifest names it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
from typing_extensions import override

from egress.engine.content import WholePlan, content_of, reading
from egress.engine.plan import Options, Tally, steps_of
from egress.engine.state import SendState, answers
from egress.kinds.files.partitions import check_columns, folder_of, parts_of
from egress.kinds.files.place import PREFIX, Place, manifest_of
from egress.kinds.files.target import Format, InFormats, written
from shared.config.named import Setting, settings_of
from shared.errors import ConfigurationError
from shared.monitoring import Run
from shared.monitoring.lineage import Dataset
from shared.places.names import shown
from shared.utils.console import say
from shared.utils.scratch import scratch_folder
from shared.warehouse import Warehouse


@dataclass(frozen=True, eq=False)
class Bucket(InFormats):
    """Writes a model's files anew where its content differs from what they were written from, then their manifest.

    Attributes:
        place: The folder, `s3://bucket/folder`.
        options: What fsspec's client of the place takes; what may be secret, or differs from one machine to the next,
            is a `shared.config.named.Setting`.
        partitioned_by: The columns by whose values the rows are in folders of their own, the outermost first.
    """

    place: str | Setting = field(kw_only=True)
    options: Mapping[str, Any] = field(default_factory=dict, kw_only=True)
    partitioned_by: tuple[str, ...] = field(default=(), kw_only=True)

    @property
    def manifest(self) -> str:
        """The manifest's name in the place."""
        return manifest_of(self.model)

    @property
    def _shown(self) -> str:
        return f"${self.place.name}" if isinstance(self.place, Setting) else shown(self.place)

    @property
    def form(self) -> str:
        """The formats and the manifest."""
        parts = f" in folders by {', '.join(self.partitioned_by)}," if self.partitioned_by else ""
        return f"{', '.join(self.formats)}{parts} by `{self._shown}/{self.manifest}`"

    @property
    @override
    def named_settings(self) -> tuple[Setting, ...]:
        return tuple(settings_of({"place": self.place, **self.options}))

    @property
    @override
    def writes(self) -> tuple[str, ...]:
        return (f"{self._shown}/{self.manifest}",)

    @property
    def url(self) -> str:
        """The place's address.

        Raises:
            ConfigurationError: It has none that can be used.
        """
        found = self.place.value() if isinstance(self.place, Setting) else self.place
        scheme, separator, rest = found.partition("://")
        if not separator or not scheme or not rest.strip("/") or ".." in rest.split("/") or not found.isprintable():
            raise ConfigurationError(
                f"the place of `{self.name}` is no address of a folder", hint="write it as in s3://bucket/folder"
            )
        return found.rstrip("/")

    @property
    def opened(self) -> Place:
        """The place; nobody is asked yet.

        Raises:
            ConfigurationError: It cannot be used.
        """
        return Place.of(self.name, self.model, self.url, self.options)

    def datasets(self) -> tuple[Dataset, ...]:
        """Return the manifest."""
        return (Dataset.of_url(f"{self.url}/{self.manifest}"),)

    def plan(self, warehouse: Warehouse, options: Options) -> BucketPlan:
        """Find out whether model or place differ from what was published last."""
        with self.model.held_still(warehouse):
            if self.partitioned_by:
                check_columns(self.name, self.model, self.model.schema(warehouse), self.partitioned_by)
            rows, content = content_of(warehouse, self.model)
        raw_csv = self.raw_csv
        published = warehouse.fetch(
            "select payload_hash, receipt from ops.delivery where target = $1 and row_key = $2",
            [self.name, self.manifest],
        )
        wanted = version_of(self, content, raw_csv)
        stands = bool(published) and published[0][0] == wanted and self.opened.stands(published[0][1])
        anew = options.full or not stands
        return BucketPlan.of(self, warehouse, options, rows, anew=anew, to=self, content=content, raw_csv=raw_csv)


@dataclass(frozen=True)
class BucketPlan(WholePlan):
    """Whether to publish the model anew.

    Attributes:
        to: The target.
        content: A hash of what is published.
        raw_csv: As `InFormats` has it.
    """

    to: Bucket
    content: str
    raw_csv: bool

    def steps(self) -> pa.Table:
        """Return the manifest to replace, if it is to be."""
        names = [self.to.manifest] if self.to_send else []
        versions = [version_of(self.to, self.content, self.raw_csv)] * len(names)
        return steps_of("publish", names, versions, pa.nulls(len(names)))

    def details(self) -> list[str]:
        """Say what is published."""
        return [f"publish    {self.to.form}"] if self.to_send else ["unchanged, and the files are there"]

    def apply(self, run: Run, tally: Tally) -> None:
        """Write the files, then the manifest that names them; what is killed in between the next run writes anew."""
        if not self.to_send:
            return
        warehouse, place, to = run.warehouse, self.to.opened, self.to
        former, delivery, files = place.delivery(), f"{PREFIX}{run.id}", list[dict[str, Any]]()
        with reading(warehouse, self.model, len(to.formats), order=to.partitioned_by) as (rows, content, streams):
            if not rows:
                return
            for form, stream in zip(to.formats, streams, strict=True):
                files += self._put(place, delivery, form, stream)
        receipt = place.publish(run, rows, files)
        version = version_of(to, content, self.raw_csv)
        SendState(warehouse, self.target, run.id).mark(answers([to.manifest], version, "delivered", receipt))
        say(f"{self.target}: published {rows:,} rows by {to.form}")
        tally.sent = rows
        place.remove_but({delivery, former})

    def _put(self, place: Place, delivery: str, form: Format, rows: pa.RecordBatchReader) -> Iterator[dict[str, Any]]:
        """Bring rows in a format into a delivery's folder, and yield what the manifest says of each file.

        One file at a time is on this machine.
        """
        columns = self.to.partitioned_by
        for values, part in parts_of(self.target, rows, columns):
            within = folder_of(self.target, columns, values)
            known: dict[str, Any] = {"format": form}
            if columns:
                known["partition"] = dict(zip(columns, values, strict=True))
            with scratch_folder() as folder:
                file = folder / f"{self.model.name}.{form}"
                known["sha256"] = written(file, part, raw_csv=self.raw_csv)
                yield place.put(file, "/".join(filter(None, (delivery, within))), known)


def version_of(to: Bucket, content: str, raw_csv: bool) -> str:
    """Return what a manifest's files are written from: the model's content, and how."""
    escaping = "" if raw_csv or "csv" not in to.formats else " escaped"
    parts = f" by {','.join(to.partitioned_by)}" if to.partitioned_by else ""
    return f"{content} {','.join(to.formats)}{escaping}{parts}"
