"""Hold a file against Lightdash's JSON schema, and say what is wrong in a person's words."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from jsonschema import Draft7Validator
from jsonschema.exceptions import ValidationError

from reporting.lint.documents import Document
from reporting.lint.findings import Finding
from reporting.project import PROJECT_DIR
from shared.utils.names import suggestion

SHOWN = 60


def validator(kind: str) -> Draft7Validator:
    """Return the validator of `chart` or `dashboard` files."""
    path = PROJECT_DIR / "schemas" / f"{kind}-as-code-1.0.json"
    return Draft7Validator(json.loads(path.read_text(encoding="utf-8")))


def schema_findings(document: Document, schema: Draft7Validator) -> Iterator[Finding]:
    """Return where a file is not as the schema says."""
    # Dates that YAML has read are texts to the schema.
    content = json.loads(json.dumps(document.content, default=str))
    for error in schema.iter_errors(content):
        for cause in causes(error):
            message, hint = in_words(cause)
            yield document.finding(list(cause.absolute_path), message, hint)


def causes(error: ValidationError) -> list[ValidationError]:
    """Return what is wrong where a value fits none of several forms: the faults of the form that it is meant as."""
    if error.validator not in ("anyOf", "oneOf") or not error.context:
        return [error]
    forms: dict[Any, list[ValidationError]] = {}
    for each in error.context:
        forms.setdefault(each.schema_path[0], []).append(each)
    meant = [faults for faults in forms.values() if not any(names_another_form(fault) for fault in faults)]
    if not meant:
        return [error]
    # The one that fits furthest into the value, then the one with fewest faults.
    nearest = min(meant, key=lambda faults: (-min(len(fault.path) for fault in faults), len(faults)))
    return [cause for fault in nearest for cause in causes(fault)]


def names_another_form(error: ValidationError) -> bool:
    """Tell whether a value's `type` says that it is of another form."""
    return error.validator in ("const", "enum") and list(error.path)[-1:] == ["type"]


def in_words(error: ValidationError) -> tuple[str, str]:
    """Return what is wrong, and what to do about it."""
    place = ".".join(str(key) for key in error.absolute_path) or "the file"
    schema: Mapping[str, Any] = error.schema if isinstance(error.schema, Mapping) else {}
    if error.validator == "required":
        lacking = next(name for name in error.validator_value if name not in error.instance)
        return f"`{place}` lacks `{lacking}`", f"add `{lacking}`"
    if error.validator == "additionalProperties":
        known = schema.get("properties", {})
        unknown = next(name for name in error.instance if name not in known)
        return f"`{place}` has an unknown key: `{unknown}`", suggestion(unknown, known)
    if error.validator in ("enum", "const"):
        allowed = error.validator_value if error.validator == "enum" else [error.validator_value]
        return f"`{place}` cannot be: {short(error.instance)}", suggestion(str(error.instance), map(str, allowed))
    if error.validator == "type":
        wanted = error.validator_value
        kinds = " or ".join(wanted) if isinstance(wanted, list) else wanted
        return f"`{place}` is not of type {kinds}: {short(error.instance)}", f"write a value of type {kinds}"
    if error.validator in ("anyOf", "oneOf"):
        kinds_of = sorted(filter(None, (type_named(form) for form in error.validator_value)))
        if kinds_of and isinstance(error.instance, Mapping):
            kind = str(error.instance.get("type"))
            return f"`{place}` is of no known type: `{kind}`", suggestion(kind, kinds_of)
    return f"`{place}`: {short(error.message)}", "write it as Lightdash's schema says"


def type_named(form: Mapping[str, Any]) -> str | None:
    """Return the `type` that values of a form have."""
    named = form.get("properties", {}).get("type", {}).get("const")
    return str(named) if named else None


def short(value: Any) -> str:
    """Return a value as one short line."""
    text = " ".join(str(value).split())
    return f"`{text[:SHOWN]}…`" if len(text) > SHOWN else f"`{text}`"
