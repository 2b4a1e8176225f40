"""What ./pixiw does on the uv route: tasks, commands, shells, errors, signals."""

from __future__ import annotations

import signal
import subprocess
import time

import pytest

from tasks.tests.pixiw.conftest import Workspace

TASKS = """
[environments]
default = ["base"]
left = ["sides"]
right = ["sides"]
odd = ["odd"]
target = ["target"]
native = ["native"]

[feature.base.activation.env]
COLOUR = "red"

[feature.base.tasks]
words = "printf '%s|'"
listed = { cmd = ["printf", "%s|", "a b", "$HOME"] }
where = { cmd = "pwd", cwd = "locks" }
setting = { cmd = "echo $COLOUR $PLACE $PIXI_ENVIRONMENT_NAME", env = { PLACE = "$PIXI_PROJECT_NAME" } }
fails = "exit 7"
both = ["fails", "words"]
greet-left = { cmd = "echo $COLOUR-$PIXI_ENVIRONMENT_NAME", depends-on = [{ task = "side", environment = "left" }] }
nested = "./pixiw run -e left side"
loop = ["loop2"]
loop2 = ["loop"]
cached = { cmd = "true", inputs = ["*.py"] }

[feature.base.tasks.greet]
cmd = "echo {{ greeting }} {{ name | upper }}"
args = ["name", { arg = "greeting", default = "hello", choices = ["hello", "bye"] }]

[feature.base.tasks.greetings]
depends-on = [
  { task = "greet", args = ["ann"] },
  { task = "greet", args = [{ name = "bob" }] },
  { task = "greet", args = ["ann"] },
]

[feature.sides.tasks]
side = "echo side $PIXI_ENVIRONMENT_NAME ${COLOUR-none}"
chosen = { cmd = "echo $PIXI_ENVIRONMENT_NAME", default-environment = "right" }

[feature.odd.pypi-dependencies]
rich = "*"

[feature.target.target.linux-64.tasks]
special = "true"

[feature.native.dependencies]
jq = "*"

[feature.sides.dependencies]
missing = "*"

[tool.pixiw.native]
missing = { command = "no-such-command", optional = true }
"""


@pytest.fixture(autouse=True)
def tasks(workspace: Workspace) -> None:
    """The tasks that these tests run."""
    workspace.manifest(TASKS)


@pytest.mark.parametrize(
    ("arguments", "output"),
    [
        (["run", "words", "a b", "--flag", "$HOME"], "a b|--flag|$HOME|"),
        (["run", "listed"], "a b|$HOME|"),
        (["run", "setting"], "red small default\n"),
        (["run", "greet", "ann"], "hello ANN\n"),
        (["run", "greet", "ann", "bye"], "bye ANN\n"),
        (["run", "greetings"], "hello ANN\nhello BOB\n"),
        (["run", "greet-left"], "side left none\nred-default\n"),
        (["run", "nested"], "side left none\n"),
        (["run", "chosen"], "right\n"),
        (["run", "-e", "left", "chosen"], "left\n"),
        (["run", "-e", "left", "echo $PIXI_ENVIRONMENT_NAME && echo two"], "left\ntwo\n"),
        (["run", "printf", "%s|", "a b"], "a b|"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_runs_as_pixi_does(workspace: Workspace, arguments: list[str], output: str) -> None:
    """A task or command gets the arguments, variables and environment that pixi would give it."""
    result = workspace.pixiw(*arguments)
    assert (result.returncode, result.stdout) == (0, output), result.stderr


@pytest.mark.parametrize(
    ("arguments", "error", "hint"),
    [
        (["run", "wrods"], "unknown task or command: `wrods`", "did you mean `words`? there is: both, cached, chosen"),
        (["run", "-e", "lft", "side"], "unknown environment: `lft`", "did you mean `left`? there is: default, left"),
        (["run", "-e", "left", "words"], "environment `left` has no task `words`", "`default` has it"),
        (["run", "side"], "task `side` is in several environments", "choose one with -e: left, right"),
        (["run", "greet"], "task `greet` needs the argument: `name`", "they are: name, greeting"),
        (["run", "greet", "a", "b", "c"], "task `greet` takes 2 arguments, was given 3", "they are: name, greeting"),
        (["run", "greet", "a", "hi"], "argument `greeting` can't be `hi`", "it is one of: hello, bye"),
        (["run", "loop"], "task depends on itself: `loop in default -> loop2 in default -> loop in default`", ""),
        (["run", "cached"], "uses what pixiw does not understand: `inputs`", "PIXIW_BACKEND=pixi"),
        (["install", "-e", "odd"], "uses what pixiw does not understand: `pypi-dependencies`", "PIXIW_BACKEND=pixi"),
        (["install", "-e", "target"], "uses what pixiw does not understand: `target`", "PIXIW_BACKEND=pixi"),
        (["install", "-e", "native"], "needs what [tool.pixiw.native] does not know: `jq`", "PIXIW_BACKEND=pixi"),
        (["run"], "run needs a task or a command", "there is: both"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_mistakes_are_explained(workspace: Workspace, arguments: list[str], error: str, hint: str) -> None:
    """A mistake ends with exit code 2, what is wrong, and what there is or what to do."""
    result = workspace.pixiw(*arguments)
    assert result.returncode == 2
    assert error in result.stderr
    assert f"hint: {hint}" in result.stderr or not hint
    assert "Traceback" not in result.stderr


def test_exit_code_is_the_tasks(workspace: Workspace) -> None:
    """A failing task ends the run with its own exit code, and what comes after it does not run."""
    result = workspace.pixiw("run", "both")
    assert result.returncode == 7
    assert "pixiw: fails (default): exit 7" in result.stderr
    assert "pixiw: fails (default): failed with exit code 7 after" in result.stderr
    assert "words" not in result.stderr


def test_directories(workspace: Workspace) -> None:
    """From any directory a task runs in the root or its own cwd, and a command where the user stands."""
    folder = workspace.root / "tasks" / "pixiw"
    task = workspace.run(str(workspace.root / "pixiw"), "run", "where", cwd=folder)
    command = workspace.run("../../pixiw", "run", "pwd", cwd=folder)
    assert task.stdout.strip() == str(workspace.root / "locks")
    assert command.stdout.strip() == str(folder)


def test_shell_reads_commands(workspace: Workspace) -> None:
    """`shell` runs the user's shell with the environment active, also where its commands come from a pipe."""
    result = workspace.run(
        "./pixiw", "shell", "-e", "left", stdin="echo $PIXI_ENVIRONMENT_NAME $PIXI_IN_SHELL; exit 3\n"
    )
    assert (result.returncode, result.stdout) == (3, "left 1\n")


def test_task_list_and_info(workspace: Workspace) -> None:
    """`task list` shows every task with its environments; `info` shows what is installed."""
    workspace.lock("left", "markupsafe")
    listed = workspace.pixiw("task", "list").stdout
    assert {line.split()[0] for line in listed.splitlines()} >= {"words", "side", "chosen"}
    assert "(left, right)" in listed
    info = workspace.pixiw("info").stdout.splitlines()
    assert any("default" in line and line.endswith("up to date") for line in info)
    assert any("left" in line and line.endswith("not installed") for line in info)


def test_failed_activation_ends_the_run(workspace: Workspace) -> None:
    """A task whose environment can't be installed does not run, and the exit code is 1."""
    lock = workspace.lock("left", "markupsafe")
    lock.write_text(lock.read_text().replace("markupsafe==", "markupsafe==99"))
    result = workspace.pixiw("run", "-e", "left", "side")
    assert (result.returncode, result.stdout) == (1, "")
    assert "error: cannot install `left`" in result.stderr


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signals_reach_every_child(workspace: Workspace, number: signal.Signals) -> None:
    """A signal to pixiw ends the task and its children, nested runs too, and the exit code names it."""
    file = workspace.root / "started"
    text = f"sh -c 'echo $$ > {file}; exec sleep 60' && true"
    process = subprocess.Popen(
        ["./pixiw", "run", "-e", "default", f'./pixiw run -e default "{text}" && true'],
        cwd=workspace.root,
        env=workspace.variables(),
        start_new_session=True,
    )
    while not (file.exists() and file.read_text().strip()):
        assert process.poll() is None
        time.sleep(0.02)
    process.send_signal(number)
    assert process.wait(timeout=20) == 128 + number
    child = file.read_text().strip()
    file.unlink()
    assert subprocess.run(["kill", "-0", child], capture_output=True, check=False).returncode != 0
