"""What is secret in settings reaches nothing that is written, whichever command fails."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from shared.config import Settings
from shared.testing.secrets import marked, marks_below, marks_in, settings_with_secrets
from shared.warehouse import open_warehouse
from shared.workspace.environments import environment_variables, interpreter

ROOT = Path(__file__).parents[2]
# A refused port needs no second look.
IMPATIENT = {"RUNTIME__REQUEST_MAX_ATTEMPTS": "1", "CRM_TRIES": "1", "WAREHOUSE_LOCK_TIMEOUT": "1"}
# The module whose `main` a command calls, with the arguments, for each environment.
COMMANDS: dict[str, list[tuple[str, list[str]]]] = {
    "ingress": [("ingress.__main__", ["run"]), ("ingress.__main__", ["validate"])],
    "egress": [("egress.cli", ["run"]), ("egress.cli", ["plan"])],
    "entity-resolution": [("entity_resolution.cli", ["run"])],
    "transformation": [
        ("transformation.cli", ["build"]),
        ("transformation.cli", ["compare", "$WAREHOUSE_URL", "$ERP_URL"]),
    ],
    "reporting": [("reporting.cli", ["build"])],
    "default": [
        ("shared.inspector.__main__", []),
        ("shared.warehouse.migrations.__main__", []),
        ("shared.data_quality.expectations.__main__", ["run"]),
        ("shared.monitoring.alerts.__main__", ["test"]),
        ("shared.monitoring.alerts.__main__", ["check"]),
        ("tasks.status", []),
        ("tasks.postgres.__main__", ["init"]),
        ("tasks.postgres.__main__", ["seed"]),
    ],
}
# Each command on a server that does not answer, with a setting that cannot be used, and on a file: there the ledger is.
SCRIPT = """
import json, os, sys
from importlib import import_module
from shared.command_line import command
rounds, calls = json.loads(sys.argv[1])
for variables in rounds:
    os.environ.update(variables)
    for module, arguments in calls:
        code = command(import_module(module).main, [*map(os.path.expandvars, arguments), "--debug"])
        print(module, arguments, code)
"""
MODELS = """
create table egress.customer_360 as select 'E-1' as entity_id;
create table egress.retl_crm_customers as select 'C-1' as customer_id
"""


@pytest.fixture(scope="module")
def secrets() -> dict[str, str]:
    """Return every setting that can hold a secret, with marks."""
    return marked(settings_with_secrets(ROOT))


def test_settings_are_found_by_their_declarations(secrets: dict[str, str]) -> None:
    """Settings of every kind are among those that are marked: declared as secret, addresses, and read by name alone."""
    known = {"OPENLINEAGE_API_KEY", "TABLE_TARGET_URL", "CRM_API_URL", "LOYALTY_API_URL", "ERP_URL", "WAREHOUSE_URL"}
    known |= {"DAGSTER_POSTGRES_URL", "POSTGRES_ADMIN_URL", "ALERT_SMTP_PASSWORD", "ALERT_WEBHOOK_URL"}
    assert known <= {*secrets}


@pytest.mark.parametrize("environment", COMMANDS)
def test_no_secret_is_written_by_a_command_that_fails(
    environment: str, secrets: dict[str, str], tmp_path: Path
) -> None:
    """Neither screen, logs, ledger nor any other file has a secret of a setting, with a traceback or without."""
    data = tmp_path / "data"
    warehouse = {"WAREHOUSE_URL": f"duckdb:///{data}/warehouse.duckdb"}
    settings = Settings(pixi_project_root=ROOT, data_dir=data, warehouse_url=warehouse["WAREHOUSE_URL"])
    with open_warehouse(settings, holder="test", role="transformation", mode="write") as opened:
        for statement in MODELS.split(";"):
            opened.execute(statement)
    mail = {"ALERT_SMTP_HOST": "127.0.0.1", "ALERT_SMTP_PORT": "1", "ALERT_SMTP_USER": "somebody"}
    mail |= {"ALERT_EMAIL_TO": "a@example.com", "ALERT_EMAIL_FROM": "b@example.com"}
    rounds = [{}, warehouse, {"CRM_API_URL": secrets["CRM_API_URL"].replace("http", "ftp")}]
    done = subprocess.run(
        [interpreter(ROOT, environment), "-c", SCRIPT, json.dumps([rounds, COMMANDS[environment]])],
        env={
            **environment_variables(ROOT, environment),
            **secrets,
            **IMPATIENT,
            **mail,
            "DATA_DIR": str(data),
            "DBT_TARGET_PATH": str(data / "target"),
        },
        cwd=ROOT,
        capture_output=True,
        timeout=240,
    )
    said = done.stdout + done.stderr
    assert done.returncode == 0, said.decode()
    ended = [line for line in done.stdout.decode().splitlines() if line.startswith(COMMANDS[environment][0][0])]
    assert any(not line.endswith(" 0") for line in ended), said.decode()
    assert marks_in(said, secrets) == set(), said.decode()
    assert marks_below(tmp_path, secrets) == {}
    with open_warehouse(settings, holder="test") as opened:
        for table in opened.tables("ops"):
            rows = opened.fetch(f"select * from ops.{table}")
            assert marks_in(repr(rows).encode(), secrets) == set(), table
