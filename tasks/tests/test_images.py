"""What an image starts works as it does there: secrets as files, another user than root, nothing written but data."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ENTRYPOINT = ROOT / "infra/docker/entrypoint"
# A root of its own that is read-only, and in it a user without rights.
READ_ONLY = (
    'mount --bind "$1" "$1" && mount -o remount,ro,bind "$1" && shift && exec unshare --user --map-user=10001 "$@"'
)


@pytest.fixture
def told(tmp_path: Path) -> Path:
    """Return a copy of the entrypoint beside a pixiw that prints a secret, its file's name and its arguments."""
    folder = tmp_path / "infra/docker"
    folder.mkdir(parents=True)
    (folder / "entrypoint").write_bytes(ENTRYPOINT.read_bytes())
    (folder / "entrypoint").chmod(0o755)
    (tmp_path / "pixiw").write_text('#!/bin/sh\necho "${TOKEN-none}|${TOKEN_FILE-none}|$*"\n')
    (tmp_path / "pixiw").chmod(0o755)
    (tmp_path / "secrets").mkdir()
    return tmp_path


def start(told: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run the entrypoint as a container does."""
    env = {"PATH": os.defpath, "SECRETS_DIR": str(told / "secrets"), **variables}
    line = [str(told / "infra/docker/entrypoint"), "run", "two words"]
    return subprocess.run(line, env=env, capture_output=True, text=True, check=False, timeout=60)


def test_a_secret_of_a_file_is_a_variable(told: Path) -> None:
    """NAME_FILE sets NAME to what the file holds, whatever signs are in it, and arguments stay as they are."""
    (told / "secrets/token").write_text("a $HOME `b` 'c\" \\d\n")
    done = start(told, TOKEN_FILE=str(told / "secrets/token"))
    assert (done.stdout, done.stderr) == ("a $HOME `b` 'c\" \\d|none|run two words\n", "")


def test_a_file_elsewhere_is_no_secret(told: Path) -> None:
    """A variable that ends so but names a file elsewhere is left alone: programs have such settings of their own."""
    assert start(told, TOKEN_FILE=str(told / "pixiw")).stdout == f"none|{told / 'pixiw'}|run two words\n"


@pytest.mark.parametrize("content", [None, ""], ids=["missing", "empty"])
def test_a_secret_that_is_not_there_ends_the_start(told: Path, content: str | None) -> None:
    """A secret whose file is missing or empty is named with what to do, and nothing is started."""
    if content is not None:
        (told / "secrets/token").write_text(content)
    done = start(told, TOKEN_FILE=str(told / "secrets/token"))
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("error: TOKEN_FILE ")
    assert "\nhint: " in done.stderr


def test_commands_write_nothing_but_data(tmp_path: Path) -> None:
    """With the repository read-only and a user who owns none of it, a project's command runs and writes to DATA_DIR."""
    private = ["unshare", "--user", "--map-root-user", "--mount"]
    if subprocess.run([*private, "true"], capture_output=True, check=False, timeout=60).returncode:
        pytest.skip("no user namespaces here")
    code = "import sys; from shared.config import get_settings as g; d = g().data_dir; d.mkdir(); print(d)"
    variables = {"HOME": str(tmp_path / "home"), "DATA_DIR": str(tmp_path / "data"), "PIXIW_BACKEND": "uv"}
    env = {"PATH": f"{ROOT}/.pixi/uv/bin:{os.environ['PATH']}", "UV_OFFLINE": "1", **variables}
    line = [str(ENTRYPOINT), "run", "-e", "ingress", "python", "-c", code]
    done = subprocess.run(
        [*private, "sh", "-c", READ_ONLY, "sh", str(ROOT), *line],
        env=env,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert (done.returncode, done.stdout) == (0, f"{tmp_path / 'data'}\n"), done.stderr


def test_passwords_are_made_private(told: Path) -> None:
    """A file of passwords that is a secret is copied for its reader alone, as its group could read it where it lies."""
    (told / "secrets/passwords").write_text("*:*:*:me:word\n")
    (told / "secrets/passwords").chmod(0o440)
    (told / "pixiw").write_text('#!/bin/sh\nstat -c %a "$PGPASSFILE"; cat "$PGPASSFILE"\n')
    done = start(told, PGPASSFILE=str(told / "secrets/passwords"), TMPDIR=str(told))
    assert (done.stdout, done.stderr) == ("600\n*:*:*:me:word\n", "")


def test_labs_are_copied_to_the_data_once(told: Path) -> None:
    """Where LABS_DIR is set the labs of the image are put there at the first start, and are left alone from then on."""
    (told / "projects/labs").mkdir(parents=True)
    (told / "projects/labs/labs_config.yaml").write_text("from the image")
    copied = told / "data/labs_config.yaml"
    assert start(told, LABS_DIR=str(told / "data")).returncode == 0
    assert copied.read_text() == "from the image"
    copied.write_text("changed by its owner")
    assert start(told, LABS_DIR=str(told / "data")).returncode == 0
    assert copied.read_text() == "changed by its owner"
