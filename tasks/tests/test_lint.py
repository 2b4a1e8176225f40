"""The lint task runs every checker and sums up."""

from pathlib import Path

import pytest

from shared.errors import UserError
from tasks.lint import checkers, in_turns, main, run_all

SAYS_NO = ["python", "-c", "print('bad line'); raise SystemExit(1)"]
SAYS_YES = ["python", "-c", ""]


def test_all_run_even_when_one_fails(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A failing checker's output is shown, and the others run all the same."""
    outcomes = run_all([{"first": SAYS_NO, "second": SAYS_YES}], tmp_path, workers=1)
    assert [(outcome.name, outcome.passed) for outcome in outcomes] == [("first", False), ("second", True)]
    output = capsys.readouterr().out
    assert "✗ first" in output
    assert "✓ second" in output
    assert output.rstrip().endswith("bad line")


def test_a_missing_checker_fails_with_a_hint(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A checker that is not installed counts as failed and says how to get it."""
    (outcome,) = run_all([{"absent": ["no-such-checker"]}], tmp_path, workers=1)
    assert not outcome.passed
    assert "hint: " in capsys.readouterr().out


def locked(root: Path, pythons: dict[str, str]) -> None:
    """Write the beginnings of locks of environments."""
    (root / "locks").mkdir()
    for name, python in pythons.items():
        (root / f"locks/{name}.txt").write_text(f"# environment: {name}\n# python: {python}\n")


def test_types_are_checked_in_each_project_with_code(tmp_path: Path) -> None:
    """A project with code is checked with its own environment's Python, as that version; one without is left out."""
    locked(tmp_path, {**dict.fromkeys(["lint", "sales", "py310-connectors"], "3.10"), "py312-research": "3.12"})
    (tmp_path / "pixi.toml").write_text(
        '[tool.pixiw.environments]\nsales = { project = "projects/sales" }\nempty = { project = "projects/empty" }\n'
    )
    (tmp_path / "projects/sales/src/sales").mkdir(parents=True)
    (tmp_path / "projects/sales/src/sales/__init__.py").touch()
    found = checkers(tmp_path)
    assert "types-empty" not in found
    assert found["types-sales"][1:5] == [
        "--python-version",
        "3.10",
        "--python-executable",
        ".pixi/venvs/sales/bin/python",
    ]


def test_types_of_one_python_are_checked_in_turn(tmp_path: Path) -> None:
    """Environments of the same Python, which share mypy's cache, follow one another; all else may run at once."""
    locked(tmp_path, {"sales": "3.11", "old": "3.10", "web": "3.11"})
    groups = in_turns(dict.fromkeys(["ruff", "types-sales", "types-old", "types-web"], SAYS_YES), tmp_path)
    assert [[*group] for group in groups] == [["ruff"], ["types-sales", "types-web"], ["types-old"]]


def test_an_unknown_checker_is_the_users_mistake() -> None:
    """A name that is no checker is refused with the list of those there are."""
    with pytest.raises(UserError, match="`rust`") as raised:
        main(["rust"])
    assert "ruff" in (raised.value.hint or "")
