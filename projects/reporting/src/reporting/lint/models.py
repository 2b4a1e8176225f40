"""Hold the metadata of models against the models: what a metric is made of, and that each has a name of its own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from reporting.explores import Dimension, Explore, Metric, meta_of
from reporting.expressions import REFERENCE
from reporting.lint.documents import Document, Keys, read_document
from reporting.lint.findings import Finding
from shared.utils.names import suggestion

# What Lightdash knows; not all of it is computed here.
KINDS = (
    *("sum", "count", "count_distinct", "min", "max", "average", "median", "percentile", "sum_distinct"),
    *("average_distinct", "number", "string", "date", "timestamp", "boolean"),
    *("percent_of_previous", "percent_of_total", "running_total"),
)


def model_findings(
    nodes: Iterable[Mapping[str, Any]], explores: Mapping[str, Explore], project: Path
) -> Iterator[Finding]:
    """Return what is wrong in the metadata of models whose YAML files lie in a project."""
    for node in nodes:
        path = project / str(node.get("patch_path") or "").partition("://")[2]
        document = read_document(path) if path.is_file() else None
        if isinstance(document, Document):
            yield from metadata_findings(document, node, explores[node["name"]])


def metadata_findings(document: Document, node: Mapping[str, Any], explore: Explore) -> Iterator[Finding]:
    """Return what is wrong in one model's metadata."""
    own = {found.name for found in explore.dimensions.values() if found.table == explore.name}
    seen: set[str] = set()
    for keys, name, metric in metrics_in(document, node["name"]):
        if name in own or name in seen:
            what = "dimension" if name in own else "metric"
            message = f"a metric with the name of another {what}, which Lightdash leaves out: `{name}`"
            yield document.finding(keys, message, "give it a name of its own")
        elif metric.get("type") not in KINDS:
            kind = str(metric.get("type"))
            yield document.finding([*keys, "type"], f"no such kind of metric: `{kind}`", suggestion(kind, KINDS))
        else:
            yield from reference_findings(document, keys, explore, name)
        seen.add(name)


def metrics_in(document: Document, model: str) -> Iterator[tuple[Keys, str, Mapping[str, Any]]]:
    """Return the metrics that a model's YAML declares, with the keys that lead to each."""
    for position, entry in enumerate(document.content.get("models") or []):
        if entry.get("name") != model:
            continue
        places: list[tuple[list[str | int], Mapping[str, Any]]] = [(["models", position], entry)]
        columns = entry.get("columns") or []
        places += [(["models", position, "columns", number], column) for number, column in enumerate(columns)]
        for keys, owner in places:
            under: list[str | int] = ["config", "meta"] if "meta" in (owner.get("config") or {}) else ["meta"]
            for name, metric in (meta_of(owner).get("metrics") or {}).items():
                yield [*keys, *under, "metrics", name], name, metric


def reference_findings(document: Document, keys: Keys, explore: Explore, name: str) -> Iterator[Finding]:
    """Return references of a metric, in its SQL or its filters, to what there is not, and to itself."""
    metric = explore.metrics[f"{explore.name}_{name}"]
    known = [found.name for found in explore.fields.values()]
    for rule in metric.filters:
        if f"{metric.table}_{rule.field}" not in explore.dimensions:
            message = f"metric `{name}` has a filter on an unknown dimension: `{rule.field}`"
            yield document.finding(keys, message, suggestion(rule.field, known))
    for found in dict.fromkeys(references(explore, metric, ())):
        if found == metric.id:
            yield document.finding(keys, f"metric `{name}` refers to itself", "correct its `sql`")
        elif found not in explore.fields:
            message = f"metric `{name}` refers to an unknown field: `{found.removeprefix(f'{explore.name}_')}`"
            yield document.finding(keys, message, suggestion(found.removeprefix(f"{explore.name}_"), known))


def references(explore: Explore, found: Dimension | Metric, path: tuple[str, ...]) -> Iterator[str]:
    """Return the ids of all fields that a field is made of, directly or by way of others."""
    for reference in REFERENCE.findall(found.sql):
        if reference == "TABLE":
            continue
        owner, _, name = reference.rpartition(".")
        id_ = f"{owner or found.table}_{name}"
        yield id_
        if id_ in explore.fields and id_ not in path:
            yield from references(explore, explore.fields[id_], (*path, id_))
