"""What of code matters."""

from __future__ import annotations

import pytest

from shared.monitoring.versions.code import python_that_matters, sql_that_matters


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("select a from t", "select a -- that\nfrom t"),
        ("select a from t", "  select\n\ta\nfrom t /* of\nrows */"),
        ("select a, b from t", "select a,b from t -- 'é"),
        ("select 'é', $$--$$ from t", "select 'é' /* é */ , $$--$$ from t"),
    ],
)
def test_words_and_layout_of_sql(one: str, other: str) -> None:
    """Comments and white space between the words of SQL do not matter."""
    assert sql_that_matters(one) == sql_that_matters(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("select a from t", "select b from t"),
        ("select '--a'", "select '--b'"),
        ("select 'é  a' as x", "select 'é a' as x"),
        ("select e'it\\'s --a'", "select e'it\\'s --b'"),
        ('select "/* a */" from t', 'select "/* b */" from t'),
        ("select $x$ -- a $x$", "select $x$ -- b $x$"),
        ("select 1 'a", "select 1 'b"),
        ("'a", "'b"),
        ("select a b", "select ab"),
    ],
)
def test_what_sql_says(one: str, other: str) -> None:
    """Any other word matters, also one within quotes that looks like a comment, and in SQL that cannot be parsed."""
    assert sql_that_matters(one) != sql_that_matters(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("def f(): return 1", 'def f():\n    """One."""\n    # One.\n    return 1\n'),
        ("class A:\n    a = 1", '"""A."""\nclass A:\n    """A."""\n    a = 1\n    """An a."""'),
        ("x = f(a, b)", "x = f(\n    a,\n    b,\n)"),
        ("x = 'a'", 'x = "a"'),
    ],
)
def test_words_and_layout_of_python(one: str, other: str) -> None:
    """Comments, docstrings, quotes and layout of Python do not matter."""
    assert python_that_matters(one) == python_that_matters(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("x = 1", "x = 2"),
        ("x = 1", "y = 1"),
        ("x = 'a  b'", "x = 'a b'"),
        ("if a:\n    b()\nc()", "if a:\n    b()\n    c()"),
        ("x = (", "x = ()("),
    ],
)
def test_what_python_does(one: str, other: str) -> None:
    """Whatever is run matters, also a text, and code that cannot be parsed is taken as it is written."""
    assert python_that_matters(one) != python_that_matters(other)
