"""Steps that run in other environments: what Dagster has of them, and how they fail."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from dagster import (
    AssetCheckResult,
    AssetCheckSpec,
    AssetKey,
    AssetSpec,
    DagsterInstance,
    materialize,
)
from ledger_steps import failure, python, run, table
from orchestration.home import instance, prepare_home
from orchestration.run.command_assets import step_assets

from shared.command_line import command
from shared.config import Settings, get_settings
from shared.testing.secrets import marked, marks_below, marks_in, settings_with_secrets
from shared.warehouse import open_warehouse


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Return settings whose data folder is the test's own, and let retries come at once."""
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    monkeypatch.delenv("WAREHOUSE_URL", raising=False)
    monkeypatch.setenv("ORCHESTRATION_RETRY_SECONDS", "0")
    return get_settings()


@pytest.mark.parametrize(
    ("environment", "version"), [("py310-connectors", "3.10"), ("orchestration", "3.11"), ("py312-research", "3.12")]
)
def test_dagster_has_the_facts_of_a_run(environment: str, version: str, settings: Settings) -> None:
    """What the run ledger knows of a step in any environment is the metadata of what the step made."""
    command = python("run.output('raw.t', rows=3, detail={'quarantined': 2})", environment)
    (made,) = run(table("t", command, settings)).asset_materializations_for_node("t")
    facts = {name: value.value for name, value in made.metadata.items()}
    assert facts["dagster/row_count"] == 3
    assert facts["detail"] == {"quarantined": 2}
    assert str(facts["python"]).startswith(f"{version}.")
    assert facts["environment"] == environment
    assert len(str(facts["lock_sha256"])) == 64
    assert {"ledger_run", "seconds", "database_bytes"} < set(facts)


def test_a_mistake_fails_the_step_at_once_with_its_hint(settings: Settings, tmp_path: Path) -> None:
    """What a person has to mend is not tried again, and the step shows message and hint."""
    command = python(f"""
        Path({str(tmp_path / "tries")!r}).open("a").write("x")
        raise InputError("no such file: `a.csv`", hint="bring it")
    """)
    result = run(table("t", command, settings))
    assert failure(result, "t") == "no such file: `a.csv`\nhint: bring it"
    assert (tmp_path / "tries").read_text() == "x"


def test_what_may_pass_is_tried_again(settings: Settings, tmp_path: Path) -> None:
    """A failure that says that it may pass is tried again until it has, and what depends on the step follows."""
    command = python(f"""
        tries = Path({str(tmp_path / "tries")!r})
        tries.open("a").write("x")
        if len(tries.read_text()) < 3:
            raise SourceUnavailable("no answer")
        run.output("raw.t", rows=1)
    """)
    result = run(table("t", command, settings), table("u", python("run.output('raw.u', rows=1)"), settings, "t"))
    assert result.success
    assert (tmp_path / "tries").read_text() == "xxx"


def test_retries_come_to_an_end(settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """What fails each time is tried as often as the setting says and once more, no oftener."""
    monkeypatch.setenv("ORCHESTRATION_RETRIES", "1")
    command = python(f"""
        Path({str(tmp_path / "tries")!r}).open("a").write("x")
        raise SourceUnavailable("no answer")
    """)
    assert not run(table("t", command, settings)).success
    assert (tmp_path / "tries").read_text() == "xx"


def test_a_busy_warehouse_is_tried_again(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """That somebody else writes is no failure of the step, though no run of it is in the ledger yet."""
    monkeypatch.setenv("WAREHOUSE_LOCK_TIMEOUT", "0")
    holder = subprocess.Popen(
        [sys.executable, "-c", python("print('held', flush=True); sys.stdin.read()").arguments[1]],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with holder:
        assert holder.stdout is not None and holder.stdin is not None
        holder.stdout.readline()
        monkeypatch.setenv("ORCHESTRATION_RETRIES", "0")
        busy = run(table("t", python("run.output('raw.t', rows=1)"), settings))
        retried = [event for event in busy.all_events if "max_retries" in str(event.event_specific_data)]
        holder.stdin.close()
    assert not busy.success and retried
    assert "is in use" in str(retried[0].event_specific_data)
    assert run(table("t", python("run.output('raw.t', rows=1)"), settings)).success


def test_a_killed_process_is_tried_again(settings: Settings, tmp_path: Path) -> None:
    """A step whose process is killed once succeeds at the next try."""
    command = python(f"""
        tries = Path({str(tmp_path / "tries")!r})
        if not tries.exists():
            tries.touch()
            os.kill(os.getpid(), 9)
        run.output("raw.t", rows=1)
    """)
    assert run(table("t", command, settings)).success


def test_what_was_made_before_a_failure_counts(settings: Settings) -> None:
    """A step that fails half way has made what it says it has, and nothing else."""
    key = {name: AssetKey(["raw", name]) for name in ("t", "u")}
    command = python("run.output('raw.t', rows=1); raise InputError('bad')")
    both = step_assets(
        "both",
        command,
        settings,
        specs=[AssetSpec(each) for each in key.values()],
        relations={f"raw.{name}": each for name, each in key.items()},
        pool=None,
    )
    result = run(both)
    assert not result.success
    assert [event.asset_key for event in result.get_asset_materialization_events()] == [key["t"]]


def test_what_is_left_out_stops_nothing_behind_it(settings: Settings) -> None:
    """A table that a step did without is marked as that, with the reason, and what depends on it is made."""
    left_out = table("t", python("run.leave_out('raw.t', 'no file `a.csv`')"), settings)
    result = run(left_out, table("u", python("run.output('raw.u', rows=1)"), settings, "t"))
    assert result.success
    (made,) = result.asset_materializations_for_node("t")
    assert {name: value.value for name, value in made.metadata.items()} == {"left_out": "no file `a.csv`"}
    assert len(result.asset_materializations_for_node("u")) == 1


def test_what_is_made_besides_is_recorded(settings: Settings) -> None:
    """Where one of a step's tables is selected, the others that the command has made are up to date too."""
    key = {name: AssetKey(["raw", name]) for name in ("t", "u")}
    both = step_assets(
        "both",
        python("run.output('raw.t', rows=1); run.output('raw.u', rows=2)"),
        settings,
        specs=[AssetSpec(each) for each in key.values()],
        relations={f"raw.{name}": each for name, each in key.items()},
        pool=None,
    )
    with DagsterInstance.ephemeral() as instance:
        materialize([both], instance=instance, selection=[key["t"]])
        assert instance.get_latest_materialization_event(key["u"]) is not None


def test_a_check_that_blocks_stops_what_is_downstream(settings: Settings) -> None:
    """Where a blocking check fails, the step's table is there, and what depends on it is not made."""
    key = AssetKey(["raw", "t"])

    def check(*_: object) -> Iterator[AssetCheckResult]:
        yield AssetCheckResult(check_name="good", asset_key=key, passed=False)

    step = step_assets(
        "t",
        python("run.output('raw.t', rows=1)"),
        settings,
        specs=[AssetSpec(key)],
        relations={"raw.t": key},
        pool=None,
        check_specs=[AssetCheckSpec("good", asset=key, blocking=True)],
        check=check,
    )
    result = run(step, table("u", python("run.output('raw.u', rows=1)"), settings, "t"))
    assert [event.asset_key for event in result.get_asset_materialization_events()] == [key]
    assert [found.passed for found in result.get_asset_check_evaluations()] == [False]


def test_an_environment_that_is_not_installed(settings: Settings, tmp_path: Path) -> None:
    """A step whose environment is not there says with which command it is installed."""
    for name in ("pixi.toml", "locks/ingress.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes((settings.root / name).read_bytes())
    elsewhere = settings.model_copy(update={"pixi_project_root": tmp_path})
    result = run(table("t", python("pass", "ingress"), elsewhere))
    assert failure(result, "t") == ("environment is not installed: `ingress`\nhint: run `./pixiw install -e ingress`")


def test_ctrl_c_ends_the_process_of_a_step(settings: Settings, tmp_path: Path) -> None:
    """A run that is interrupted ends the step's process, which has time to say so in the ledger."""
    script = f"""
from test_steps import *
settings = get_settings()
command = python("print('working', os.getpid(), flush=True); import time; time.sleep(60)")
with DagsterInstance.local_temp({str(tmp_path / "home")!r}) as instance:
    materialize([table("t", command, settings)], instance=instance, raise_on_error=False)
"""
    (tmp_path / "home").mkdir()
    child = subprocess.Popen(
        [sys.executable, "-c", script],
        cwd=Path(__file__).parent,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    with child:
        assert child.stdout is not None
        worker = next(int(line.split()[1]) for line in child.stdout if line.startswith("working"))
        child.send_signal(signal.SIGINT)
        child.wait(timeout=30)
    assert not is_alive(worker)
    with open_warehouse(settings, holder="test") as warehouse:
        assert warehouse.fetch("select status from ops.run") == [("interrupted",)]


def is_alive(process: int) -> bool:
    """Tell whether a process still runs, waiting a moment for one that is ending."""
    for _ in range(50):
        try:
            os.kill(process, 0)
        except ProcessLookupError:
            return False
        time.sleep(0.1)
    return True


def test_a_failure_leaves_no_secret_in_dagsters_storage(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """What a library says of an address with a login gets into no file and on no screen, nor does Dagster's own."""
    secrets = marked(settings_with_secrets(settings.root))
    for name, value in secrets.items():
        monkeypatch.setenv(name, "" if name in ("WAREHOUSE_URL", "DAGSTER_POSTGRES_URL") else value)
    failing = python("""
        run.output("raw.t", rows=1, detail={"from": os.environ["CRM_API_URL"]})
        raise RuntimeError(f"{os.environ['LOYALTY_API_URL']} and {os.environ['ALERT_SMTP_PASSWORD']}: no answer")
    """)
    with instance(settings) as opened:
        result = materialize([table("t", failing, settings)], instance=opened, raise_on_error=False)
    assert "RuntimeError: http://***@127.0.0.1:1/a" in failure(result, "t")
    monkeypatch.setenv("DAGSTER_POSTGRES_URL", secrets["DAGSTER_POSTGRES_URL"])
    assert command(lambda _: len(prepare_home(settings).parts), ["--debug"]) == 1
    said = "".join(capfd.readouterr())
    assert "Traceback" in said
    assert marks_in(said.encode(), secrets) == set()
    assert (tmp_path / "dagster" / "history" / "runs.db").is_file()
    assert marks_below(tmp_path, secrets) == {}
