"""An inspection as text and as a page."""

from __future__ import annotations

import io
from html.parser import HTMLParser

import pytest
from rich.console import Console
from typing_extensions import override

from shared.inspector import Change, ColumnProfile, DataInspector, Inspection
from shared.inspector.findings import of_column
from shared.inspector.formatting import number, percent, size, text
from shared.inspector.page import page
from shared.inspector.results import Lengths, Resemblance
from shared.inspector.text import write
from shared.warehouse import Warehouse, quote_name

SCRIPT = "<script>alert('x')</script>"
VOID = {"meta", "br", "rect"}
LONG = ":smile: [bold] a text that is longer than what a cell of a terminal has room for"


class Parsed(HTMLParser):
    """What the tests ask a page for; fails where an element is closed that is not open."""

    def __init__(self, content: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(content)
        self.close()
        assert self.open == []

    @override
    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    @override
    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    @override
    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.open.pop() == tag

    @override
    def handle_data(self, data: str) -> None:
        if not self.open or self.open[-1] != "style":
            self.words.append(data)

    def all(self, tag: str) -> list[dict[str, str | None]]:
        """Return the attributes of each element of a kind."""
        return [attributes for name, attributes in self.elements if name == tag]

    @property
    def text(self) -> str:
        """What is read on the page."""
        return " ".join("".join(self.words).split())


@pytest.fixture
def inspection(warehouse: Warehouse) -> Inspection:
    """Inspect tables that have something of everything to show, and names and values that mean harm."""
    warehouse.execute(f"create table raw.{quote_name(SCRIPT)} (n integer, day date, {quote_name(SCRIPT)} varchar)")
    table = f"raw.{quote_name(SCRIPT)}"
    values = ", ".join(f"({n}, date '2024-01-01' + {n}, 'x')" for n in [*range(60), 1000])
    warehouse.execute(f"insert into {table} values {values}")
    warehouse.execute(f"insert into {table} values (null, null, $1), (1, null, $2)", [SCRIPT, "\x1b[31mred\nline"])
    warehouse.execute(f"insert into {table} values (1, null, $1)", [LONG])
    warehouse.execute("create table raw.empty (a integer)")
    warehouse.execute(f"create view raw.broken as select cast({quote_name(SCRIPT)} as integer) as b from {table}")
    return DataInspector(warehouse, remember=False).inspect("raw", sample_rows=None)


CHANGES = [
    Change("raw.empty", None, "rows", 1, 0),
    Change("raw.empty", SCRIPT, "null share", 0.0, 0.5),
    Change(f"raw.{SCRIPT}", "n", "type", SCRIPT, "integer"),
    Change("raw.lost" + SCRIPT, None, "table gone", 3, None),
]


def test_page_is_well_formed_and_whole(inspection: Inspection) -> None:
    """The page closes what it opens, heads each table and column, and says what stands out and what has changed."""
    parsed = Parsed(page(inspection, CHANGES))
    assert len(parsed.all("h1")) == 1
    assert len(parsed.all("h2")) == 1 + len(inspection.tables)
    assert len(parsed.all("h4")) == 3
    for words in (
        "`n` has outliers: 1 above",
        "cannot be inspected",
        "no rows",
        "rows 1 → 0",
        "share of nulls 0 % → 50 %",
        "the table is gone, 3 rows",
        "newest day 2026-09-27",
    ):
        assert words in parsed.text
    assert "Since the last inspection" not in Parsed(page(inspection, None)).text
    assert "Nothing has changed" in Parsed(page(inspection, [])).text


def test_page_loads_nothing_and_runs_nothing(inspection: Inspection) -> None:
    """No address, script, handler, frame or image is in the page, so it opens offline; links stay inside it."""
    content = page(inspection, CHANGES)
    assert "http" not in content and "url(" not in content and "@import" not in content
    parsed = Parsed(content)
    tags = {tag for tag, _ in parsed.elements}
    assert not tags & {"script", "link", "img", "iframe", "object", "embed", "base", "form"}
    for _, attributes in parsed.elements:
        assert not any(name.startswith("on") or name == "src" for name in attributes)
    identifiers = {attributes.get("id") for _, attributes in parsed.elements}
    assert all(str(link["href"]).removeprefix("#") in identifiers for link in parsed.all("a"))


def test_names_and_values_are_escaped(inspection: Inspection) -> None:
    """Names, values, types and problems from the data are text on the page, never markup."""
    content = page(inspection, CHANGES)
    assert "<script" not in content
    assert Parsed(content).text.count(SCRIPT) >= 6
    assert "\x1b" not in content


def test_page_can_be_read_by_everybody(inspection: Inspection) -> None:
    """Charts are images with a label, header cells say what they head, the reader's colour scheme is followed."""
    content = page(inspection, None)
    parsed = Parsed(content)
    charts = parsed.all("svg")
    assert len(charts) >= 4
    assert all(chart["role"] == "img" and chart["aria-label"] for chart in charts)
    assert any("Histogram of n: 63 values from 0 to 1,000" in str(chart["aria-label"]) for chart in charts)
    assert all(cell["scope"] in ("col", "row") for cell in parsed.all("th"))
    assert parsed.all("html") == [{"lang": "en"}]
    assert "prefers-color-scheme: dark" in content
    assert {"name": "viewport", "content": "width=device-width, initial-scale=1"} in parsed.all("meta")


def written(inspection: Inspection, changes: list[Change] | None, *, terminal: bool) -> str:
    """Return the text of an inspection."""
    file = io.StringIO()
    width = 200 if terminal else 40
    write(inspection, changes, Console(file=file, force_terminal=terminal, width=width, highlight=False, no_color=True))
    return file.getvalue()


def test_plain_text_has_a_line_for_each_thing(inspection: Inspection) -> None:
    """Not on a terminal, each table and column is one line of any length, with nothing that a terminal would obey."""
    content = written(inspection, CHANGES, terminal=False)
    assert "\x1b" not in content
    lines = content.splitlines()
    assert f"raw.{SCRIPT}: table, 64 rows, 3 columns" in content
    (n,) = [line for line in lines if line.startswith("  n INTEGER:") or line.startswith("  n integer:")]
    assert "nulls 1.6 %, distinct 61, minimum 0, maximum 1,000" in n
    (script,) = [line for line in lines if line.startswith(f"  {SCRIPT} ")]
    assert "x (61)" in script and ":smile: [bold]" in script and r"\x1b[31mred\nline (1)" in script and "…" in script
    assert "  ~ rows 1 → 0" in lines
    assert f"~ raw.lost{SCRIPT}: the table is gone, 3 rows" in lines


def test_terminal_gets_tables(inspection: Inspection) -> None:
    """On a terminal columns stand in a grid, and what looks like markup of the terminal's library is shown as it is."""
    content = written(inspection, [], terminal=True)
    assert "most frequent" in content and "│" in content
    assert r"\x1b[31mred\nline" in content and ":smile: [bold]" in content
    assert "nothing has changed" in content


@pytest.mark.parametrize(
    ("count", "said"),
    [(8, "is text that looks like numbers"), (7, None), (16, "is text that looks like numbers (94.1 %)")],
)
def test_texts_that_look_like_numbers_stand_out(count: int, said: str | None) -> None:
    """Texts are said to look like numbers where nearly all that are not empty do."""
    values = 17 if count == 16 else 8
    texts = ColumnProfile(
        "a", "text", "text", values + 2, 0, 3, lengths=Lengths(0, 1, 1.0, 2), resembles=Resemblance("number", count)
    )
    assert [what for what in of_column(texts) if "looks like" in what] == ([said] if said else [])


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        (number(1234567), "1,234,567"),
        (number(1234.5), "1,234.5"),
        (number(0.1 + 0.2), "0.3"),
        (number(1e300), "1e+300"),
        (number(1e-9), "1e-09"),
        (number(-0.00012), "-0.00012"),
        (number(0.0), "0"),
        (text(True), "true"),
        (text(None), ""),
        (text("a\x1b[0m\n\u202eb é 🦆"), r"a\x1b[0m\n\u202eb é 🦆"),
        (percent(0), "0 %"),
        (percent(1), "100 %"),
        (percent(1e-6), "<0.1 %"),
        (percent(1 - 1e-6), ">99.9 %"),
        (percent(0.125), "12.5 %"),
        (size(None), ""),
        (size(999), "999 bytes"),
        (size(1_234_567), "1.23 MB"),
        (size(999_600), "1 MB"),
    ],
)
def test_values_as_people_read_them(shown: str, expected: str) -> None:
    """Numbers, shares, sizes and texts are written short, exactly where that is possible, and in one line."""
    assert shown == expected
