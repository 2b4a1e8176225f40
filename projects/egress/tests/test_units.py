"""Parts whose rules are easier to see from close by."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from datetime import date, datetime, timezone
from decimal import Decimal
from urllib.parse import parse_qsl
from uuid import UUID

import pyarrow as pa
import pytest

from egress.engine.models import Model
from egress.engine.payload import as_python, to_json
from egress.kinds.rest.bodies import Fields, Fixed, as_form, mapper
from egress.kinds.rest.calls import idempotency_key
from egress.kinds.rest.target import Rest
from shared.errors import ConfigurationError, InputError


def test_json_of_each_type() -> None:
    """Every type has one exact form in JSON."""
    row = {
        "money": Decimal("1000000000000000.10"),
        "small": Decimal("0E-4"),
        "day": date(2017, 1, 31),
        "time": datetime(2017, 1, 31, 12, 30),
        "zoned": datetime(2017, 1, 31, 12, 30, tzinfo=timezone.utc),
        "id": UUID(int=1),
        "text": 'ä"',
        "nothing": None,
        "yes": True,
        "count": 2**63 - 1,
    }
    assert to_json(row) == (
        '{"money":"1000000000000000.10","small":"0.0000","day":"2017-01-31","time":"2017-01-31T12:30:00Z",'
        '"zoned":"2017-01-31T12:30:00+00:00","id":"00000000-0000-0000-0000-000000000001","text":"ä\\"",'
        '"nothing":null,"yes":true,"count":9223372036854775807}'
    )


def test_json_of_what_is_nested() -> None:
    """A map is an object, as a structure is, and no list of pairs; one with a key twice has no form."""
    sort = pa.map_(pa.string(), pa.int64())
    rows = pa.table({"m": pa.array([[("k", 1)]], sort), "s": [{"a": Decimal("1.50")}], "l": [[date(2017, 1, 31)]]})
    assert to_json(as_python(rows)[0]) == '{"m":{"k":1},"s":{"a":"1.50"},"l":["2017-01-31"]}'
    with pytest.raises(InputError, match="a map has a key twice"):
        as_python(pa.table({"m": pa.array([[("k", 1), ("k", 2)]], sort)}))
    never = pa.array([2**31 - 1], pa.int32()).cast(pa.date32())
    with pytest.raises(InputError, match="cannot be written as JSON: days=2147483647"):
        as_python(pa.table({"l": pa.ListArray.from_arrays([0, 1], never)}))


def test_json_refuses_what_it_has_no_form_for() -> None:
    """Bytes have no form in JSON that a reader would know."""
    with pytest.raises(InputError, match="no JSON for bytes"):
        to_json({"a": b"x"})


def test_key_depends_on_sender_content_and_history() -> None:
    """The same chunk has the same key; another sender, content or earlier delivery has another."""
    key = idempotency_key("crm", ["", "run"], b"{}")
    assert key == idempotency_key("crm", ["", "run"], b"{}")
    others = [("crm2", ["", "run"], b"{}"), ("crm", ["run", ""], b"{}"), ("crm", ["", "run"], b"[]")]
    assert len({key, *(idempotency_key(*other) for other in others)}) == 4


def test_command_line_imports_neither_dlt_nor_requests() -> None:
    """What only a delivery needs is not imported by runs that send nothing."""
    heavy = {"dlt", "requests", "pandas", "pyarrow.parquet"}
    code = f"import sys, egress.cli; print({heavy} & set(sys.modules) or 'none')"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "none"


def test_lists_in_bodies() -> None:
    """Names that are places of a list from 0 make one, other numbers are names, and values stay as they are."""
    fields: Fields = {
        "emails.1.value": "b",
        "emails.0.value": "a",
        "emails.0.type": Fixed("work"),
        "6.0": "a",
        "7.value": "c",
    }
    assert mapper(fields)({"a": "x", "b": "y", "c": {"0": 1}}) == {
        "emails": [{"value": "x", "type": "work"}, {"value": "y"}],
        "6": ["x"],
        "7": {"value": {"0": 1}},
    }
    assert mapper({"0": "a", "1": "b"})({"a": "x", "b": "y"}) == ["x", "y"]
    assert mapper({})({"a": "x"}) == {}


def test_form() -> None:
    """Fields in fields have their names in brackets, lists numbers; null and what is empty have no value."""
    row = {"id": "a&b=[c] ü\n", "metadata": {"tier": {"of": 7}}, "tags": ["x", {"y": True}], "none": None, "no": []}
    assert parse_qsl(as_form(json.dumps(row)).decode(), keep_blank_values=True, strict_parsing=True) == [
        ("id", "a&b=[c] ü\n"),
        ("metadata[tier][of]", "7"),
        ("tags[0]", "x"),
        ("tags[1][y]", "true"),
        ("none", ""),
        ("no", ""),
    ]


@pytest.mark.parametrize(("null", "form"), [("", "a=&b=&c="), ("null", "a=null&b=&c="), (None, "b=&c=")])
def test_null_in_a_form(null: str | None, form: str) -> None:
    """A null is told from an empty text by declaration: by a text, or by no field."""
    assert as_form(json.dumps({"a": None, "b": "", "c": []}), null) == form.encode()
    target = Rest("t", Model("egress.t", key="a"), settings="T", path="/t", encoding="form", null=null)
    assert target.call().null == null
    if null != "":
        with pytest.raises(ConfigurationError, match="`null` without a form"):
            replace(target, encoding="json")
