"""Checks on commands that start pixi from within an environment, where it looks for a task in that one alone."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator, Sequence

import yaml

from shared.workspace.manifest import MANIFEST
from tasks.doctor.repo import Finding, Repo

PROGRAM = re.compile(r"(?:^|[\s;&|('\"])(?:\S*/)?(?:pixiw|pixi) +run\b([^\n;&|]*)")
NAMED = re.compile(r"(^|\s)(-e|--environment)\b")
# What takes a command line as one string.
TAKES_TEXT = {"run", "Popen", "call", "check_call", "check_output", "system", "popen", "getoutput", "split"}
TAKES_TEXT |= {"create_subprocess_shell", "spawn"}


def nested_runs_name_their_environment(repo: Repo) -> Iterator[Finding]:
    """Every `pixi run` that code, tests, tasks, hooks or benchmarks start names its environment.

    Write `-e ENVIRONMENT` after `run`, and start it with `shared.workspace.environments.nested_run`.
    """
    for file, text in repo.texts.items():
        if "pixi" not in text.lower():
            continue
        if file.endswith(".py"):
            calls = calls_in_python(repo.nodes[file])
            yield from (Finding(f"{file}:{line}", unnamed(words)) for line, words in calls)
        elif is_shell(file, text):
            code = "\n".join(line.partition(" #")[0] for line in text.splitlines() if not line.lstrip().startswith("#"))
            yield from (Finding(file, unnamed(f"run{rest}")) for rest in unnamed_runs(code))
        else:
            for command in commands_of(file, text):
                yield from (Finding(file, unnamed(f"run{rest}")) for rest in unnamed_runs(command))
    for task in repo.manifest.tasks:
        for rest in unnamed_runs(task.command):
            yield Finding(MANIFEST, f"task `{task.name}` {unnamed(f'run{rest}')}")


def unnamed(words: str) -> str:
    """What is wrong."""
    return f"starts pixi without an environment: `{' '.join(words.split())[:80]}`"


def unnamed_runs(text: str) -> list[str]:
    """What follows `run` where shell text runs pixi or pixiw without `-e`."""
    return [rest for rest in PROGRAM.findall(text) if not NAMED.search(options_of(rest))]


def options_of(rest: str) -> str:
    """The words before the task, with the values of options that have one."""
    found = re.match(r"((\s+-\S+(\s+[^\s-]\S*(?=\s))?)*)", rest)
    return found[1] if found else ""


def is_shell(file: str, text: str) -> bool:
    """Whether a file is a shell script."""
    return file.endswith((".sh", ".bash")) or re.match(r"#!.*\b(ba|da)?sh\b", text) is not None


def commands_of(file: str, text: str) -> Iterator[str]:
    """The commands that hooks and containers run."""
    name = file.rpartition("/")[2]
    if name == ".pre-commit-config.yaml":
        for entry in yaml.safe_load(text).get("repos", ()):
            yield from (str(hook.get("entry", "")) for hook in entry.get("hooks", ()))
    elif name == "devcontainer.json":
        values = json.loads(text)
        yield from (str(value) for key, value in values.items() if key.endswith("Command"))


def calls_in_python(nodes: Sequence[ast.AST]) -> Iterator[tuple[int, str]]:
    """Where Python code starts pixi without `-e`: a list of words that begins with it, or a command line as text."""
    pixis = names_of_pixi(nodes)
    for node in nodes:
        if isinstance(node, ast.List | ast.Tuple) and starts_pixi(node, pixis):
            words = [element.value if isinstance(element, ast.Constant) else "…" for element in node.elts[1:]]
            if not {"-e", "--environment"} & {*words[:6]} and not any(str(word).startswith("-e=") for word in words):
                yield node.lineno, " ".join(map(str, words))
        elif isinstance(node, ast.Call):
            yield from ((node.lineno, f"run{rest}") for text in texts_of(node) for rest in unnamed_runs(text))


def starts_pixi(node: ast.List | ast.Tuple, pixis: set[str]) -> bool:
    """Whether a list of words is `pixi run …`."""
    words = [str(element.value) if isinstance(element, ast.Constant) else "…" for element in node.elts[1:]]
    if not words or next((word for word in words if not word.startswith("-")), "") != "run":
        return False
    first = node.elts[0]
    if isinstance(first, ast.Constant):
        return re.fullmatch(r"(.*/)?(pixi|pixiw)", str(first.value)) is not None
    source = ast.unparse(first).removeprefix("*")
    return "pixi" in source.lower() or source in pixis


def names_of_pixi(nodes: Sequence[ast.AST]) -> set[str]:
    """The names that a module gives to something of pixi's."""
    found = set()
    for node in nodes:
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value and "pixi" in ast.unparse(node.value).lower():
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            found |= {ast.unparse(target) for target in targets}
    return found


def texts_of(call: ast.Call) -> Iterator[str]:
    """The command lines that a call is given as text, its placeholders as a word."""
    function = call.func
    name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
    if name in TAKES_TEXT:
        given = [*call.args[:1], *([function.value] if isinstance(function, ast.Attribute) and name == "split" else ())]
        for argument in given:
            if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
                yield argument.value
            elif isinstance(argument, ast.JoinedStr):
                parts = (part.value if isinstance(part, ast.Constant) else "…" for part in argument.values)
                yield "".join(map(str, parts))
            elif isinstance(argument, ast.BinOp) and isinstance(argument.left, ast.Constant):
                yield f"{argument.left.value!s}…"


CHECKS = (nested_runs_name_their_environment,)
