"""Lint a folder of charts and dashboards."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from reporting.explores import Explore
from reporting.lint.dashboards import Shown, dashboard_findings
from reporting.lint.documents import Document, read_document
from reporting.lint.fields import field_findings
from reporting.lint.findings import Finding
from reporting.lint.kinds import kind_findings
from reporting.lint.schema import schema_findings, validator
from shared.errors import InputError
from shared.utils.names import suggestion


@dataclass(frozen=True)
class Result:
    """What was looked at, and what was found wrong, in the order of files and lines."""

    charts: int
    dashboards: int
    findings: tuple[Finding, ...]


@dataclass(frozen=True)
class Files:
    """The files of one kind: those that can be read, and which of them are as the schema says."""

    documents: tuple[Document, ...]
    valid: tuple[Document, ...]
    findings: tuple[Finding, ...]


def lint(folder: Path, explores: Mapping[str, Explore]) -> Result:
    """Hold the charts and dashboards of a folder against the schemas, the explores and one another.

    Raises:
        InputError: There is no such folder, or nothing in it.
    """
    if not any(folder.glob("*/*.y*ml")):
        raise InputError(f"no charts or dashboards in: `{folder}`", hint="name a folder with `charts` and `dashboards`")
    charts, dashboards = read_files(folder / "charts", "chart"), read_files(folder / "dashboards", "dashboard")
    findings = [*charts.findings, *dashboards.findings]
    tables = {
        document.content["slug"]: document.content["tableName"] if document in charts.valid else None
        for document in charts.documents
        if has_slug(document)
    }
    for document in charts.valid:
        findings += chart_findings(document, explores)
    for document in dashboards.valid:
        findings += dashboard_findings(document, Shown(tables, explores))
    findings += [*doubled_slugs(charts.documents), *doubled_slugs(dashboards.documents)]
    # Of a dashboard that cannot be read nobody knows what it shows.
    if len(dashboards.valid) == len(dashboards.documents):
        findings += orphans(charts.documents, dashboards.valid)
    return Result(len(charts.documents), len(dashboards.documents), tuple(sorted(set(findings))))


def read_files(folder: Path, kind: str) -> Files:
    """Read the files of a folder and hold each against its schema."""
    schema = validator(kind)
    documents, valid, findings = [], [], []
    for path in sorted(folder.glob("*.y*ml")):
        found = read_document(path)
        if path.suffix != ".yml":
            findings.append(Finding(path, 1, f"a file that nobody reads: `{path.name}`", "let its name end in `.yml`"))
        elif isinstance(found, Finding):
            findings.append(found)
        else:
            faults = list(schema_findings(found, schema))
            documents.append(found)
            findings += faults
            valid += [] if faults else [found]
    return Files(tuple(documents), tuple(valid), tuple(findings))


def chart_findings(document: Document, explores: Mapping[str, Explore]) -> Iterator[Finding]:
    """Return what is wrong in a chart that is as the schema says."""
    table = document.content["tableName"]
    if table not in explores:
        yield document.finding(["tableName"], f"no such model: `{table}`", suggestion(table, explores))
        return
    yield from field_findings(document, explores[table])
    yield from kind_findings(document, explores[table])


def has_slug(document: Document) -> bool:
    """Tell whether a file says what it is called."""
    return isinstance(document.content, Mapping) and isinstance(document.content.get("slug"), str)


def doubled_slugs(documents: Sequence[Document]) -> Iterator[Finding]:
    """Return files that have the slug of an earlier one."""
    first: dict[str, Path] = {}
    for document in filter(has_slug, documents):
        slug = document.content["slug"]
        if slug in first:
            message = f"the slug of another file: `{slug}`, in `{first[slug].name}`"
            yield document.finding(["slug"], message, "give it a slug of its own")
        first.setdefault(slug, document.path)


def orphans(charts: Sequence[Document], dashboards: Sequence[Document]) -> Iterator[Finding]:
    """Return charts that no dashboard shows."""
    shown = {tile["properties"].get("chartSlug") for document in dashboards for tile in document.content["tiles"]}
    for document in filter(has_slug, charts):
        if document.content["slug"] not in shown and not document.content.get("dashboardSlug"):
            message = f"no dashboard shows the chart: `{document.content['slug']}`"
            yield document.finding(["slug"], message, "add a tile of it to a dashboard, or remove the file")
