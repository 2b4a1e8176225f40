"""Targets by declaration: found by their place, any number of each kind, apart by name and by settings."""

from __future__ import annotations

import json
from types import ModuleType
from typing import Any

import pytest
from conftest import DUCKDB_ONLY, Egress, Sql
from crm_server import Crm

from egress import targets
from egress.engine.models import Model
from egress.engine.plan import Target
from egress.kinds.dlt.target import Dlt
from egress.kinds.files.target import Files
from egress.kinds.rest.answers import Answers
from egress.kinds.rest.target import Rest
from egress.targets import by_target, held_apart
from shared.errors import ConfigurationError

MODEL = Model("egress.retl_crm_customers", key="customer_id")
ANSWERS = Answers("results", key="customer_id", taken=("updated",), refused=("rejected",))
OTHER = Rest(
    "other", MODEL, settings="OTHER", path="/customers/batch", dataset="/customers", rows="customers", answers=ANSWERS
)


def module_of(target: Target | None) -> ModuleType:
    """Return a module of a target."""
    module = ModuleType("made", "Gets what the test declares.")
    module.TARGET = target  # type: ignore[attr-defined]
    return module


@DUCKDB_ONLY
def test_second_target_of_a_kind(
    crm: Crm, egress: Egress, sql: Sql, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """A target that a module adds has its own settings and send state, and is listed with what the module says."""
    both = {**targets.all_targets(), OTHER: module_of(OTHER)}
    monkeypatch.setattr("egress.cli.all_targets", lambda: both)
    monkeypatch.setattr("egress.cli.path_of", lambda module: module.__name__)
    monkeypatch.setenv("OTHER_API_URL", crm.url)
    monkeypatch.setenv("OTHER_CHUNK_ROWS", "5")
    assert egress("run", "--target", "crm", "other") == 0
    assert [len(batch) for batch in crm.batches] == [4, 4, 2, 5, 5]
    assert sql("select target, count(*) from ops.delivery group by 1 order by 1") == [("crm", 10), ("other", 10)]
    capfd.readouterr()
    assert egress("list", "--json", "--target", "other") == 0
    (listed,) = json.loads(capfd.readouterr().out)["targets"]
    assert (listed["description"], listed["code"]) == ("Gets what the test declares.", "made")
    assert listed["required_settings"] == ["OTHER_API_URL"]


def test_module_without_a_target() -> None:
    """A module that declares nothing is named."""
    with pytest.raises(ConfigurationError, match="without a `TARGET`: `made`"):
        by_target({"made": module_of(None)})


def test_two_targets_of_one_name() -> None:
    """Two targets that would share a send state are refused, and what names them is told."""
    files = Files("other", MODEL, settings="FILES", formats=("csv",))
    with pytest.raises(ConfigurationError, match="one name: `other`") as caught:
        held_apart([OTHER, files])
    assert caught.value.hint == "change OTHER_TARGET_NAME or `other` in its module"


def test_two_targets_of_one_file() -> None:
    """Two targets that would overwrite one file by turns are refused; in another folder they get on."""
    first, second = (Files(name, MODEL, settings=name.upper(), formats=("csv",)) for name in ("one", "two"))
    with pytest.raises(ConfigurationError, match="two targets overwrite the same, `one` and `two`: "):
        held_apart([first, second])
    held_apart([first, Files("two", MODEL, settings="TWO", formats=("csv",), folder="partners")])


def test_two_copies_of_one_table() -> None:
    """Two targets that would replace one table of dlt's by turns are refused, and no argument is told of them."""
    known: Any = {"destination": "duckdb", "dataset": "crm", "arguments": {"credentials": "hush-hush-hush"}}
    first, second = (Dlt(name, MODEL, settings=name.upper(), **known) for name in ("one", "two"))
    with pytest.raises(
        ConfigurationError, match=r"`one` and `two`: `crm\.retl_crm_customers at dlt's duckdb"
    ) as caught:
        held_apart([first, second])
    assert "hush" not in str(caught.value)
    held_apart([first, Dlt("two", MODEL, settings="TWO", **{**known, "arguments": {"credentials": "elsewhere"}})])
