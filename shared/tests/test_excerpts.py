"""What comes from outside, as a line of a message holds it."""

from __future__ import annotations

from shared.utils.excerpts import excerpt, listed


def test_excerpt_is_cut_and_holds_nothing_that_a_terminal_obeys() -> None:
    """Escapes and line breaks are blanks; what is left out is told by an ellipsis, and only then."""
    assert excerpt("\x1b[31mRed\nline", 20) == " [31mRed line"
    assert (excerpt("abc", 3), excerpt("abcd", 3)) == ("abc", "abc…")


def test_list_of_names_is_bounded() -> None:
    """The first names are shown, and how many more there are."""
    assert (listed([]), listed(["a", "b"], 2)) == ("", "`a`, `b`")
    assert listed(["a", "b", "c", "d"], 2) == "`a`, `b` and 2 more"
