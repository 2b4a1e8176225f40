"""`new-target`: a declaration from a look at a model, there whole and loadable, or not at all."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import DUCKDB_ONLY, Egress, Sql

from egress import targets

MODEL = "egress.retl_crm_customers"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Let modules of targets be found, and be written, in a folder of the test's own."""
    made = tmp_path / "targets"
    made.mkdir()
    monkeypatch.setattr(targets, "__path__", [*targets.__path__, str(made)])
    yield made


@pytest.mark.parametrize("kind", ["rest", "table", "files", "bucket", "dlt"])
def test_target_is_written_and_found(
    models: Sql, egress: Egress, folder: Path, kind: str, capfd: pytest.CaptureFixture[str]
) -> None:
    """What is written is found at once, has the model's key, is short, and is what `plan` plans."""
    name = f"fresh_{kind}"
    assert egress("new-target", name, "--kind", kind, "--from", MODEL) == 0
    text = (folder / f"{name}.py").read_text()
    assert f'Model("{MODEL}", key="customer_id")' in text
    assert len(text.splitlines()) <= 20
    found = {target.name: target for target in targets.all_targets()}[name]
    assert type(found).__name__.lower() == kind
    capfd.readouterr()
    assert egress("plan", "--target", name) == 0
    assert capfd.readouterr().out.startswith(f"{name}: `{MODEL}`, 10 rows")


@DUCKDB_ONLY
@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["crm", "--kind", "rest", "--from", MODEL], "there is a target of this name: `crm`"),
        (["table_target", "--kind", "rest", "--from", MODEL], "another target's settings begin so: `TABLE_TARGET_`"),
        (["Fresh", "--kind", "rest", "--from", MODEL], "no target can be called so: `Fresh`"),
        (["fresh", "--kind", "rest", "--from", "egress.nothing"], "there is no such model: `egress.nothing`"),
        (["fresh", "--kind", "rest", "--from", "ops.run"], "there is no such model: `ops.run`"),
        (["fresh", "--kind", "rest", "--from", MODEL, "--key", "baskets_"], "no column that could be the key"),
        (["fresh", "--kind", "files", "--from", "egress.twice"], "has a value of its own in each row"),
    ],
)
def test_nothing_stays_of_what_went_wrong(
    models: Sql, egress: Egress, folder: Path, words: list[str], said: str, capfd: pytest.CaptureFixture[str]
) -> None:
    """A name that is taken, a model that is not there or has no key: an error with a hint, and no file."""
    models("create table egress.twice as select 1 as a union all select 1")
    assert egress("new-target", *words) == 2
    told = capfd.readouterr().err
    assert said in told
    assert "hint: " in told
    assert not list(folder.iterdir())
