"""Hold what a chart asks against what its model has: fields, filters, order, table calculations."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from reporting.explores import Explore
from reporting.filters import OPERATORS, RELATIVE, UNITS, typed
from reporting.lint.documents import Document, Keys
from reporting.lint.findings import Finding
from shared.errors import InputError
from shared.utils.names import suggestion

REFERENCE = re.compile(r"\$\{([a-zA-Z0-9_.-]+)\}")
NUMBERS_OF_VALUES = {"inBetween": 2, "notInBetween": 2}


def field_findings(document: Document, explore: Explore) -> Iterator[Finding]:
    """Return what is wrong in a chart's `metricQuery`."""
    query = document.content["metricQuery"]
    if query["exploreName"] != explore.name:
        message = f"`exploreName` is not the chart's `tableName`: `{query['exploreName']}`"
        yield document.finding(["metricQuery", "exploreName"], message, f"write `{explore.name}` in both")
    yield from unknown_fields(document, explore)
    kinds = kinds_of_fields(document, explore)
    for of in ("dimensions", "metrics", "tableCalculations"):
        for keys, rule in rules(query["filters"].get(of), ["metricQuery", "filters", of]):
            yield from filter_findings(document, keys, rule, kinds[of], of)
    yield from sort_findings(document)
    yield from calculation_findings(document)


def kinds_of_fields(document: Document, explore: Explore) -> dict[str, dict[str, str | None]]:
    """Return the type of each field that a chart can ask for; null where it is the chart's own and says none."""
    query = document.content["metricQuery"]
    dimensions: dict[str, str | None] = {found.id: found.type for found in explore.dimensions.values()}
    dimensions |= {each["id"]: each.get("dimensionType") for each in query.get("customDimensions", [])}
    metrics: dict[str, str | None] = {found.id: found.type for found in explore.metrics.values()}
    metrics |= {f"{each['table']}_{each['name']}": "number" for each in query.get("additionalMetrics", [])}
    calculations = {each["name"]: each.get("type", "number") for each in query["tableCalculations"]}
    return {"dimensions": dimensions, "metrics": metrics, "tableCalculations": calculations}


def unknown_fields(document: Document, explore: Explore) -> Iterator[Finding]:
    """Return dimensions and metrics that the model does not have, and those that are asked for twice."""
    kinds = kinds_of_fields(document, explore)
    for of, other in (("dimensions", "metrics"), ("metrics", "dimensions")):
        seen = set()
        for position, name in enumerate(document.content["metricQuery"][of]):
            keys: Keys = ["metricQuery", of, position]
            if name in seen:
                yield document.finding(keys, f"asked for twice: `{name}`", "remove one of them")
            elif name in kinds[other]:
                message = f"a {singular(other)} among the {of}: `{name}`"
                yield document.finding(keys, message, f"move it to `{other}`")
            elif name not in kinds[of]:
                message = f"`{explore.name}` has no such {singular(of)}: `{name}`"
                yield document.finding(keys, message, suggestion(name, known(kinds[of], explore)))
            seen.add(name)


def known(names: Mapping[str, Any], explore: Explore) -> list[str]:
    """Return names without those of hidden fields, which charts do not show."""
    return [name for name in names if name not in explore.fields or not explore.fields[name].hidden]


def singular(words: str) -> str:
    """Return the name of one of them."""
    return {"dimensions": "dimension", "metrics": "metric", "tableCalculations": "table calculation"}[words]


def rules(group: Any, keys: Keys) -> Iterator[tuple[list[str | int], Mapping[str, Any]]]:
    """Return the filters of a group and of the groups in it, with the keys that lead to each."""
    for joiner in ("and", "or"):
        for position, item in enumerate((group or {}).get(joiner, [])):
            place = [*keys, joiner, position]
            if "target" in item:
                yield place, item
            else:
                yield from rules(item, place)


def filter_findings(
    document: Document, keys: Keys, rule: Mapping[str, Any], kinds: Mapping[str, str | None], of: str
) -> Iterator[Finding]:
    """Return what is wrong with a filter: its field, its operator for that, its values for both."""
    name, operator = rule["target"]["fieldId"], rule["operator"]
    if name not in kinds:
        message = f"a filter on an unknown {singular(of)}: `{name}`"
        yield document.finding([*keys, "target", "fieldId"], message, suggestion(name, kinds))
        return
    kind = kinds[name]
    if kind is None:
        return
    if operator not in OPERATORS[kind]:
        message = f"`{name}` is of type {kind}, which has no filter operator `{operator}`"
        yield document.finding([*keys, "operator"], message, f"use one of: {', '.join(OPERATORS[kind])}")
        return
    yield from value_findings(document, keys, rule, kind)


def value_findings(document: Document, keys: Keys, rule: Mapping[str, Any], kind: str) -> Iterator[Finding]:
    """Return the values of a filter that do not fit the type of its field, or its operator."""
    name, operator, values = rule["target"]["fieldId"], rule["operator"], rule.get("values") or []
    unit = (rule.get("settings") or {}).get("unitOfTime", "days")
    if operator in (*RELATIVE, "inPeriodToDate") and unit not in UNITS:
        yield document.finding([*keys, "settings"], f"no such unit of time: `{unit}`", suggestion(str(unit), UNITS))
    if values and len(values) < NUMBERS_OF_VALUES.get(operator, 1):
        yield document.finding([*keys, "values"], f"`{operator}` takes two values", "write the first and the last")
    wanted = "number" if operator in RELATIVE else kind
    for position, value in enumerate(values):
        try:
            typed(value, wanted)
        except InputError as error:
            message = f"a filter value that does not fit `{name}` of type {kind}: {error.message}"
            hint = f"write a value of type {wanted}" + (", as 2017-12-31" if wanted in ("date", "timestamp") else "")
            yield document.finding([*keys, "values", position], message, hint)


def selected(document: Document) -> list[str]:
    """Return the columns of a chart's result."""
    query = document.content["metricQuery"]
    return [*query["dimensions"], *query["metrics"], *(each["name"] for each in query["tableCalculations"])]


def sort_findings(document: Document) -> Iterator[Finding]:
    """Return where a chart is ordered by what it does not select."""
    columns = selected(document)
    for position, sort in enumerate(document.content["metricQuery"]["sorts"]):
        if sort["fieldId"] not in columns:
            message = f"ordered by a field that is not selected: `{sort['fieldId']}`"
            hint = suggestion(sort["fieldId"], columns)
            yield document.finding(["metricQuery", "sorts", position, "fieldId"], message, hint)


def calculation_findings(document: Document) -> Iterator[Finding]:
    """Return where a table calculation uses what the chart does not select."""
    columns = selected(document)
    for position, calculation in enumerate(document.content["metricQuery"]["tableCalculations"]):
        keys: list[str | int] = ["metricQuery", "tableCalculations", position]
        if columns.count(calculation["name"]) > 1:
            message = f"the name of a table calculation is used twice: `{calculation['name']}`"
            yield document.finding([*keys, "name"], message, "give it a name of its own")
        for name in references(calculation):
            if name not in columns:
                message = f"table calculation `{calculation['name']}` uses a field that is not selected: `{name}`"
                yield document.finding(keys, message, suggestion(name, columns))


def references(calculation: Mapping[str, Any]) -> Iterator[str]:
    """Return the fields that a table calculation uses."""
    template = calculation.get("template") or {}
    if template.get("fieldId"):
        yield template["fieldId"]
    yield from (each["fieldId"] for each in template.get("orderBy") or [])
    yield from template.get("partitionBy") or []
    yield from (found.replace(".", "_") for found in REFERENCE.findall(calculation.get("sql") or ""))
