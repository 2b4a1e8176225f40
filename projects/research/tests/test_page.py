"""The page of a run: what cells show, without a network and without scripts."""

from __future__ import annotations

import re

import altair as alt
import marimo as mo
import pandas as pd
import pytest
from research.page import MOST_ROWS, draw, page
from research.record import Record
from research.showing import show

from shared.errors import InputError

HOSTILE = "<script>alert(1)</script>"


def record(**changes: object) -> Record:
    """Return a record."""
    facts: dict[str, object] = {
        "run": "r1",
        "study": "asking",
        "title": HOSTILE,
        "status": "succeeded",
        "started_at": "2017-01-01T00:00:00Z",
        "seconds": 1.5,
        "sample": 1.0,
        "parameters": {"share": 0.5, "names": ["a", HOSTILE]},
        "metrics": {"lift": 1234.5},
        "data": {"rows": {"rows": 1000, "fingerprint": "abc", "relations": ["core.t"]}},
        "warehouse": {},
        "software": {},
        "code": {},
    }
    return Record(**{**facts, **changes})  # type: ignore[arg-type]


def test_texts_tables_and_charts_are_shown() -> None:
    """Text, a table, a chart and several of them in one cell come in the order of the cells."""
    frame = pd.DataFrame({"name": ["x"], "amount": [0.12345678]})
    chart = alt.Chart(frame, title="A chart").mark_bar().encode(x="name:N", y="amount:Q")
    shown = page(record(), draw([mo.md("# First"), None, show(frame, None, chart), 42]), "code")
    places = [shown.index(part) for part in (">First<", "0.1235", 'alt="A chart"', "<pre>42</pre>")]
    assert places == sorted(places)


def test_page_asks_no_server_and_runs_no_script() -> None:
    """Nothing on the page is loaded from anywhere, and nothing on it runs."""
    chart = alt.Chart(pd.DataFrame({"x": [1]})).mark_bar().encode(x="x:Q")
    shown = page(record(), draw([mo.md("[a link](https://example.org)"), chart]), "code")
    assert "<script" not in shown.lower()
    assert not re.search(r"""(?:src|href)=["'](?!data:|https://example\.org)""", shown)
    assert not re.search(r"@import|url\(", shown)


def test_what_comes_from_data_is_text() -> None:
    """Names and values that look like HTML are shown and not taken for it."""
    shown = page(record(), draw([pd.DataFrame({HOSTILE: [HOSTILE]}), HOSTILE]), HOSTILE)
    assert HOSTILE not in shown
    assert "&lt;script&gt;" in shown


def test_long_tables_are_cut_and_say_so() -> None:
    """Of a long table the first rows are shown, and how many more there are."""
    shown = page(record(), draw([pd.DataFrame({"n": range(MOST_ROWS + 5)})]), "")
    assert "and 5 more rows" in shown


def test_sample_is_said() -> None:
    """A page of a sample says so, that of all rows does not."""
    assert "sample of 10 %" in page(record(sample=0.1), draw([]), "")
    assert "sample of" not in page(record(), draw([]), "")


def test_elements_that_need_a_notebook_are_refused() -> None:
    """An element that only marimo's program can draw is an error, not an empty place."""
    with pytest.raises(InputError, match="only a running notebook can draw") as refused:
        page(record(), draw([mo.ui.slider(1, 10)]), "")
    assert "`mo.md` text" in str(refused.value.hint)


def test_several_things_are_shown_in_a_notebook_too() -> None:
    """marimo takes what `show` returns for one element with all parts, those that are None left out."""
    kind, markup = show(mo.md("first"), None, pd.DataFrame({"n": [1]}), mo.md("last"))._mime_()
    assert kind == "text/html"
    assert markup.index("first") < markup.index("marimo-table") < markup.index("last")
