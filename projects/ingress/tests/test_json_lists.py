"""Files that are one list of JSON objects."""

from __future__ import annotations

import gzip

import pytest
from conftest import Project, on_duckdb_alone
from test_files import drop, source

from ingress.readers.files.reader import Files
from shared.errors import InputError


@on_duckdb_alone
def test_list_of_json_is_read_element_by_element(project: Project) -> None:
    """One list of all rows, over how many lines ever, is read as lines are: exactly, its bad rows by their number."""
    nested = '{"id": 2, "total": 3,\n "lines": {"a": "\\u00e9"}}'
    rows = ('{"id": 1, "total": 2}', nested, '{"id": 3, "id": 4, "total": 5}', "7")
    drop(project, "a.json", "\ufeff[" + ",\n".join(rows) + ', {"id": 5, "total": 1.0}]\n')
    drop(project, "b[1].json.gz", gzip.compress(b"[ ]"))
    drop(project, "c.json", '{"id": 6, "total": 4}\n')
    project.load_source(source(Files("shop", "*.json*")))
    assert project.fetch("select id, total, lines from raw.shop_orders order by 1") == [
        (1, 2, None),
        (2, 3, '{"a": "é"}'),
        (5, 1, None),
        (6, 4, None),
    ]
    assert [(position, reason) for _, position, reason in project.bad_rows()] == [
        (3, "it has the name `id` twice in one object"),
        (4, "not an object"),
    ]


@on_duckdb_alone
@pytest.mark.parametrize("text", ['[{"id": 1, "total": 2},', '[{"id": 1, "total": 2}] x', '[{"id": 1}\n{"id": 2}]'])
def test_list_of_json_that_is_cut_is_refused(project: Project, text: str) -> None:
    """What is no list to its end is an error that says where, and nothing of it is loaded."""
    drop(project, "a.json", text)
    with pytest.raises(InputError, match=r"no list of JSON to its end: `landing/shop/a.json`"):
        project.load_source(source(Files("shop", "a.json")))
    assert project.fetch("select count(*) from ops.source_file") == [(0,)]
