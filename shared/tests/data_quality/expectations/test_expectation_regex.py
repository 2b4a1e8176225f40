"""Regular expressions mean the same to both engines and to Python, or are refused."""

from __future__ import annotations

import re
import string

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.data_quality.expectations.regex import NotPortable, portable
from shared.warehouse import Role, Warehouse

SIGNS = "aZ09_ .-^$/\"'\\\n\té§一%"
LITERALS = st.sampled_from([*"aZ09_ -/\"'é一%\n", *(f"\\{sign}" for sign in '.*+?()[]{}|^$\\-/"%'), "\\n", "\\t"])
SHORTHANDS = st.sampled_from(["\\d", "\\w", "\\s", "\\D", "\\W", "\\S", "."])
IN_CLASS = st.sampled_from(
    ["a", "0-9", "a-z", "A-Z", "é-ü", "\\d", "\\w", "\\s", "\\]", "\\^", "\\-", ".", "$", "\\\\", "一"]
)
CLASSES = st.builds(
    lambda negated, items: f"[{negated}{''.join(items)}]",
    st.sampled_from(["", "^"]),
    st.lists(IN_CLASS, min_size=1, max_size=3),
)
QUANTIFIERS = st.sampled_from(["", "", "*", "+", "?", "{2}", "{1,}", "{0,2}", "*?", "+?", "??"])


@pytest.fixture
def role() -> Role:
    """Work as the role that may keep what is found."""
    return "transformation"


def larger(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Make expressions of smaller ones."""
    group = st.builds(
        lambda opening, parts: f"{opening}{'|'.join(parts)})",
        st.sampled_from(["(", "(?:"]),
        st.lists(inner, min_size=1, max_size=3),
    )
    return st.builds(
        lambda parts: "".join(atom + times for atom, times in parts),
        st.lists(
            st.tuples(
                st.one_of(inner.map(lambda text: f"({text})"), group, LITERALS, SHORTHANDS, CLASSES), QUANTIFIERS
            ),
            min_size=1,
            max_size=4,
        ),
    )


EXPRESSIONS = st.builds(
    lambda start, inner, end: start + inner + end,
    st.sampled_from(["", "^"]),
    st.recursive(st.one_of(LITERALS, SHORTHANDS, CLASSES), larger, max_leaves=6),
    st.sampled_from(["", "$"]),
)
TEXTS = st.lists(st.text(st.sampled_from(SIGNS), max_size=5), min_size=1, max_size=5)


def found(warehouse: Warehouse, pattern: str, texts: list[str]) -> list[bool]:
    """Ask an engine in which texts an expression is found."""
    form = "regexp_matches({}, {})" if warehouse.engine == "duckdb" else "{} ~ {}"
    tests = ", ".join(form.format(f"cast(${place} as varchar)", "$1") for place in range(2, len(texts) + 2))
    return list(warehouse.fetch(f"select {tests}", [portable(pattern), *texts])[0])


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(pattern=EXPRESSIONS, texts=TEXTS)
def test_means_the_same_as_to_python(warehouse: Warehouse, pattern: str, texts: list[str]) -> None:
    """An expression of the subset is found where Python finds it, with ASCII classes and `$` as the very end."""
    strict = re.compile(re.sub(r"(?<!\\)\$$", r"\\Z", pattern) if pattern.endswith("$") else pattern, re.ASCII)
    assert found(warehouse, pattern, texts) == [bool(strict.search(text)) for text in texts]


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [
        ("a.b", "a\nb", False),
        ("a[^x]b", "a\nb", True),
        ("^a$", "a\n", False),
        (r"^\w+$", "é", False),
        (r"^\d$", "١", False),
        (r"^\s$", "\u00a0", False),
        ("^[[]$".replace("[[]", r"[\[]"), "[", True),
        ("^a{0,2}$", "aaa", False),
        ("^(?:ab|cd)+$", "abcd", True),
        (r"^\$1 \%s$", "$1 %s", True),
    ],
)
def test_details(warehouse: Warehouse, pattern: str, text: str, expected: bool) -> None:
    """What the engines differ on by themselves is alike once it is written for both."""
    assert found(warehouse, pattern, [text]) == [expected]


@pytest.mark.parametrize(
    "pattern",
    [
        *(
            "(?=a)",
            "(?!a)",
            "(?<=a)",
            "(?i)a",
            "(?P<n>a)",
            r"(a)\1",
            r"\bа",
            r"\A",
            r"\Z",
            r"\p{L}",
            r"\x41",
            r"\u0041",
        ),
        *("[[:alpha:]]", "[a[b]", "[]a]", "[^]a]", "[z-a]", "[a", r"[a\D]", r"[a-\d]", "[a-[]"),
        *("a**", "a*+", "a{2}{3}", "*a", "^*", "|*", "a{256}", "a{3,2}", "a{,3}", "a{x", "{2}", "(a", "a)", "a\\"),
    ],
)
def test_refused(pattern: str) -> None:
    """What only one engine knows, or each in its own way, or what is no expression, is refused with the reason."""
    with pytest.raises(NotPortable):
        portable(pattern)


@given(st.text(st.sampled_from(string.printable + "é"), max_size=12))
def test_any_text_is_read_or_refused(text: str) -> None:
    """Whatever the text, it is refused by name, or Python reads what is made of it."""
    try:
        written = portable(text)
    except NotPortable:
        return
    re.compile(written)
