"""The environments of pixi.toml."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from shared.errors import ConfigurationError
from shared.workspace.environments import environment_variables, interpreter, nested_run, outer_variables

PIXI_TOML = """
[workspace]
name = "small"

[activation.env]
COMMON = "all"
BOTH = "default"

[environments]
ingress = ["py310", "connectors"]
bare = { features = ["py310"], no-default-feature = true }

[feature.py310.activation.env]
BOTH = "first"
FIRST = "py310"

[feature.connectors.activation.env]
BOTH = "second"
FIRST = "connectors"
SECOND = "connectors"
"""


@pytest.fixture
def root(project: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a project with an installed environment: a link to a real Python, and the stamp that belongs to it."""
    monkeypatch.delenv("CONDA_PREFIX", raising=False)
    (project / "pixi.toml").write_text(PIXI_TOML)
    files = {
        "locks/ingress.txt": "# environment: ingress\n# python: 3.10\n# project: projects/ingress\n\npyarrow==1\n",
        "projects/ingress/pyproject.toml": "[project]\n",
        "shared/pyproject.toml": "[project]\nname = 'shared'\n",
    }
    for name, text in files.items():
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        (project / name).write_text(text)
    venv = project / ".pixi" / "venvs" / "ingress"
    (venv / "bin").mkdir(parents=True)
    (venv / "bin" / "python").symlink_to(sys.executable)
    (venv / ".stamp").write_text(f"uv\n{project}\n0\n" + "".join(files.values()))
    return project


def hint(root: Path, environment: str = "ingress") -> str:
    """Return the hint of the error that asking for an environment's Python ends in."""
    with pytest.raises(ConfigurationError) as raised:
        interpreter(root, environment)
    return str(raised.value.hint)


def test_python_of_an_installed_environment(root: Path) -> None:
    """An environment that is in line with its lock has its Python."""
    assert interpreter(root, "ingress") == root / ".pixi" / "venvs" / "ingress" / "bin" / "python"


def test_another_python_than_the_manifest_names(root: Path) -> None:
    """An environment whose Python is not of the version that pixi.toml names is an error that says how to mend it."""
    cfg = root / ".pixi" / "venvs" / "ingress" / "pyvenv.cfg"
    with (root / "pixi.toml").open("a") as manifest:
        manifest.write('[feature.connectors.dependencies]\npython = "3.1.*"\n')
    cfg.write_text("home = /usr/bin\nversion_info = 3.10.13\n")
    assert hint(root) == f"remove `{cfg.parent}`, then run `./pixiw install -e ingress`"
    cfg.write_text("home = /usr/bin\nversion_info = 3.1.4\n")
    assert interpreter(root, "ingress").exists()


@pytest.mark.skipif(".pixi" not in Path(sys.prefix).parts, reason="runs outside the platform's environments")
def test_this_environment_is_in_line() -> None:
    """The environment that the tests run in, which was made by activation, counts as in line with its lock."""
    venv = Path(sys.prefix)
    assert interpreter(venv.parents[2], venv.name) == venv / "bin" / "python"


def test_unknown_environment(root: Path) -> None:
    """A name that pixi.toml does not have is an error with the nearest name and all there are."""
    assert hint(root, "ingres") == "did you mean `ingress`? there is: bare, default, ingress"
    assert hint(root, "../ingress").endswith("there is: bare, default, ingress")


def test_environment_that_is_not_installed(root: Path) -> None:
    """An environment without a Python, or whose Python is gone, is to be installed."""
    python = root / ".pixi" / "venvs" / "ingress" / "bin" / "python"
    python.unlink()
    assert hint(root) == "run `./pixiw install -e ingress`"
    python.symlink_to(root / "gone")
    assert hint(root) == "run `./pixiw install -e ingress`"


@pytest.mark.parametrize("name", ["locks/ingress.txt", "projects/ingress/pyproject.toml", "shared/pyproject.toml"])
def test_environment_that_is_out_of_line(root: Path, name: str) -> None:
    """An environment made from another lock or other pyproject files is to be installed again."""
    with (root / name).open("a") as file:
        file.write("# changed\n")
    assert hint(root) == "run `./pixiw install -e ingress`"


def test_environment_whose_installation_was_killed(root: Path) -> None:
    """An environment without a stamp is not whole."""
    (root / ".pixi" / "venvs" / "ingress" / ".stamp").unlink()
    assert hint(root) == "run `./pixiw install -e ingress`"


def test_environment_with_an_old_lock_runs(root: Path) -> None:
    """An environment that was installed with the warning that its lock is out of date has its Python, as for pixi."""
    stamp = root / ".pixi" / "venvs" / "ingress" / ".stamp"
    stamp.write_text("stale\n" + stamp.read_text())
    assert interpreter(root, "ingress")


def test_environment_without_a_lock(root: Path) -> None:
    """An environment that has native tools only has no Python packages."""
    assert hint(root, "bare") == "run `./pixiw run lock bare`"


def test_variables(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A command gets the environment's packages first on PATH, its name, the root, and what is set for it."""
    monkeypatch.setenv("PATH", "/usr/bin")
    monkeypatch.setenv("KEPT", "as it is")
    variables = environment_variables(root, "ingress")
    venv = root / ".pixi" / "venvs" / "ingress"
    assert variables["PATH"] == f"{venv}/bin:{root}/tasks/stubs:/usr/bin"
    assert variables["VIRTUAL_ENV"] == str(venv)
    assert (variables["PIXI_ENVIRONMENT_NAME"], variables["PIXI_PROJECT_ROOT"]) == ("ingress", str(root))
    assert (variables["COMMON"], variables["SECOND"], variables["KEPT"]) == ("all", "connectors", "as it is")


def test_first_feature_wins(root: Path) -> None:
    """Of two features that set the same variable the first wins, and over the default one; it can be left out."""
    variables = environment_variables(root, "ingress")
    assert (variables["BOTH"], variables["FIRST"]) == ("first", "py310")
    assert "COMMON" not in environment_variables(root, "bare")


def test_own_environment_is_left_behind(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of the environment that the caller runs in is handed on."""
    venvs, envs = root / ".pixi" / "venvs", root / ".pixi" / "envs"
    monkeypatch.setenv("PATH", f"{venvs}/labs/bin:{envs}/labs/bin:/usr/bin")
    for name in ("PIXI_ENVIRONMENT_NAME", "PIXI_PROMPT", "CONDA_PREFIX", "CONDA_DEFAULT_ENV", "OF_LABS"):
        monkeypatch.setenv(name, "labs")
    monkeypatch.setenv("PIXIW_SET", "OF_LABS")
    variables = environment_variables(root, "ingress")
    assert variables["PATH"] == f"{venvs}/ingress/bin:{root}/tasks/stubs:/usr/bin"
    assert "labs" not in variables.values()
    assert set(variables["PIXIW_SET"].split()) == {"BOTH", "COMMON", "FIRST", "SECOND"}


def test_native_tools_of_pixi(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where pixi has made the environment, its native tools come after the environment's packages."""
    monkeypatch.setenv("PATH", "/usr/bin")
    conda = root / ".pixi" / "envs" / "ingress"
    conda.mkdir(parents=True)
    variables = environment_variables(root, "ingress")
    assert variables["PATH"] == f"{root}/.pixi/venvs/ingress/bin:{root}/tasks/stubs:{conda}/bin:/usr/bin"
    assert variables["CONDA_PREFIX"] == str(conda)


def test_command_runs_in_the_environment(root: Path) -> None:
    """A command started with the interpreter and the variables finds its own Python first and sees its variables."""
    code = "import json, os, shutil; print(json.dumps([shutil.which('python'), os.environ['SECOND']]))"
    variables = environment_variables(root, "ingress")
    done = subprocess.run([interpreter(root, "ingress"), "-c", code], env=variables, capture_output=True, check=True)
    assert json.loads(done.stdout) == [str(root / ".pixi/venvs/ingress/bin/python"), "connectors"]


def test_variable_from_another_one(root: Path) -> None:
    """A value that a shell would have to work out is refused by name."""
    (root / "pixi.toml").write_text(PIXI_TOML.replace('"py310"\n', '"$HOME/x"\n'))
    with pytest.raises(ConfigurationError, match="FIRST"):
        environment_variables(root, "ingress")


@pytest.mark.parametrize("text", [None, "no [ toml", "\udcff"])
def test_manifest_that_cannot_be_read(root: Path, text: str | None) -> None:
    """A pixi.toml that is missing or no TOML is an error that names it."""
    (root / "pixi.toml").unlink()
    if text is not None:
        (root / "pixi.toml").write_bytes(os.fsencode(text))
    with pytest.raises(ConfigurationError, match=r"cannot read: `.*pixi\.toml`"):
        interpreter(root, "ingress")


def test_users_own_settings_of_pixi_are_handed_on(root: Path) -> None:
    """Of what begins with PIXI_ only what an activation has set is left behind; pixi's own settings stay."""
    given = {
        "PIXI_HOME": "/opt/pixi",
        "PIXI_FROZEN": "true",
        "PIXI_IN_SHELL": "1",
        "PIXI_PROJECT_NAME": "x",
        "PATH": "/bin",
    }
    assert outer_variables(root, given) == {"PIXI_HOME": "/opt/pixi", "PIXI_FROZEN": "true", "PATH": "/bin"}


def test_nested_run_names_its_environment(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A task is started by the pixi that runs this process, else by pixiw, in an environment named and left behind."""
    monkeypatch.setenv("PIXI_ENVIRONMENT_NAME", "labs")
    monkeypatch.setenv("PIXI_EXE", "/opt/pixi")
    command, variables = nested_run(root, "default", "demo", "--now")
    assert command == ["/opt/pixi", "run", "-e", "default", "demo", "--now"]
    assert not {"PIXI_ENVIRONMENT_NAME", "PIXI_EXE"} & variables.keys()
    monkeypatch.delenv("PIXI_EXE")
    assert nested_run(root, "default", "demo")[0] == [str(root / "pixiw"), "run", "-e", "default", "demo"]
