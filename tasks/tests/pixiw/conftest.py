"""A small workspace with the real pixiw, activation and locks, for tests that change its manifest and locks."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from shared.workspace.environments import outer_variables
from tasks.environments import search_path
from tasks.lock_inputs import inputs_digest
from tasks.tests.stand_in import install_pixi

ROOT = Path(__file__).resolve().parents[3]
COPIED = ("pixiw", "tasks", "shared/pyproject.toml", "shared/src", "locks/default.txt")
MANIFEST = """
[workspace]
name = "small"
channels = []
platforms = ["linux-64"]
requires-pixi = ">=0.68"

[activation]
scripts = ["tasks/activate.sh"]

[dependencies]
python = "3.11.*"
uv = "*"
"""
HIDDEN = ("PIXI", "CONDA_", "INIT_CWD")


class Workspace:
    """A directory with a manifest, in which pixiw and activation run as a user runs them."""

    def __init__(self, root: Path) -> None:
        """Take over a directory that holds a copy of the workspace's own code."""
        self.root = root

    def manifest(self, text: str) -> None:
        """Replace what the manifest has beyond its minimum."""
        (self.root / "pixi.toml").write_text(MANIFEST + text)

    def variables(self, path: str | None = None, **extra: str) -> dict[str, str]:
        """The variables of a user who stands in no environment and has no pixi."""
        outer = outer_variables(ROOT, os.environ)
        kept = {key: value for key, value in outer.items() if not key.startswith(HIDDEN)}
        parts = [self.without_pixi(part) for part in outer["PATH"].split(os.pathsep)]
        return {**kept, "PATH": path or os.pathsep.join([*parts, uv_folder()]), **extra}

    def without_pixi(self, folder: str) -> str:
        """A folder of PATH as it is without pixi."""
        if not (Path(folder) / "pixi").exists():
            return folder
        shadow = self.root.parent / "without-pixi" / folder.replace(os.sep, "_")
        if not shadow.exists():
            shadow.mkdir(parents=True)
            for path in Path(folder).iterdir():
                if path.name != "pixi":
                    (shadow / path.name).symlink_to(path)
        return str(shadow)

    def with_pixi(self, **extra: str) -> dict[str, str]:
        """The variables of a user who has pixi."""
        variables = self.variables(**extra)
        return {**variables, "PATH": f"{install_pixi(self.root.parent / 'pixi')}:{variables['PATH']}"}

    def run(
        self, *command: str, env: Mapping[str, str] | None = None, cwd: Path | None = None, stdin: str = ""
    ) -> subprocess.CompletedProcess[str]:
        """Run a command in the workspace to its end."""
        env = self.variables() if env is None else env
        return subprocess.run(
            command,
            cwd=cwd or self.root,
            env=env,
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )

    def pixiw(self, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run ./pixiw."""
        return self.run("./pixiw", *arguments, env=self.variables(**variables))

    def activation(self, environment: str, then: str = "command -v python", shell: str = "sh") -> list[str]:
        """The command that activates an environment and runs shell text in it."""
        setting = f"PIXI_PROJECT_ROOT='{self.root}' PIXI_ENVIRONMENT_NAME={environment}"
        return [shell, "-c", f"export {setting}; . tasks/activate.sh; {then}"]

    def lock(self, environment: str, *packages: str, dependencies: str = "[]", python: str = "3.11") -> Path:
        """Give the environment a project and a lock with packages out of the real default lock."""
        project = self.root / "projects" / environment
        project.mkdir(parents=True, exist_ok=True)
        text = f'[project]\nname = "{environment}"\nversion = "1"\ndependencies = {dependencies}\n'
        (project / "pyproject.toml").write_text(text)
        header = {"environment": environment, "python": python, "project": f"projects/{environment}"}
        header["inputs"] = inputs_digest(self.root, header) or ""
        entries = re.split(r"^(?=\S)", (ROOT / "locks" / "default.txt").read_text(), flags=re.MULTILINE)
        chosen = [entry for entry in entries if entry.split("==")[0] in packages]
        assert len(chosen) == len(packages)
        lock = self.root / "locks" / f"{environment}.txt"
        lock.write_text("".join(f"# {key}: {value}\n" for key, value in header.items()) + "\n" + "".join(chosen))
        return lock

    def stamp(self, environment: str) -> Path:
        """The file that says an environment is complete."""
        return self.root / ".pixi" / "venvs" / environment / ".stamp"


def uv_folder() -> str:
    """The folder of the uv that the tests run with."""
    found = shutil.which("uv", path=search_path())
    assert found
    return str(Path(found).parent)


@pytest.fixture(scope="session")
def shared_workspace(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """A workspace whose default environment is installed."""
    root = tmp_path_factory.mktemp("workspace")
    ignore = shutil.ignore_patterns("tests", "doctor", "__pycache__")
    for name in COPIED:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, root / name, ignore=ignore)
        else:
            shutil.copy2(ROOT / name, root / name)
    workspace = Workspace(root)
    workspace.manifest("")
    installed = workspace.run(*workspace.activation("default"))
    assert installed.returncode == 0, installed.stderr
    return workspace


@pytest.fixture
def workspace(shared_workspace: Workspace) -> Iterator[Workspace]:
    """The workspace without the projects, locks and environments of earlier tests."""
    yield shared_workspace
    for path in shared_workspace.root.glob("locks/*.txt"):
        if path.stem != "default":
            path.unlink()
    made = (
        ".pixi/venvs/[!d]*",
        ".pixi/envs",
        ".pixi/activation-env-v0",
        ".pixi/config.toml",
        "projects",
        "*.code-workspace",
    )
    for path in [path for pattern in made for path in shared_workspace.root.glob(pattern)]:
        shutil.rmtree(path) if path.is_dir() else path.unlink()


@pytest.fixture
def program(tmp_path: Path) -> Callable[[str, str], str]:
    """Makes a shell program of a name in a folder, and returns the folder."""

    def make(name: str, text: str) -> str:
        folder = tmp_path / "bin"
        folder.mkdir(exist_ok=True)
        (folder / name).write_text(f"#!/bin/sh\n{text}\n")
        (folder / name).chmod(0o755)
        return str(folder)

    return make
