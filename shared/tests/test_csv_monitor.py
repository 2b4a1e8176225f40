"""CSVMonitor: which files of a folder are new, changed or gone since the last load."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from shared import csv_monitor
from shared.csv_monitor import CSVMonitor, Seen, main
from shared.errors import ConfigurationError, InputError
from shared.tables import Declared, Form

HEADER = "id,name\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return an empty drop folder."""
    folder = tmp_path / "drop"
    folder.mkdir()
    return folder


@pytest.fixture
def monitor(folder: Path, tmp_path: Path) -> CSVMonitor:
    """Return a monitor of the folder, with its state elsewhere."""
    return CSVMonitor(folder, tmp_path / "state" / "drop.json")


def drop(folder: Path, name: str, content: str | bytes, *, age: float = 60) -> Path:
    """Write a file as if some time ago."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    moment = time.time() - age
    os.utime(path, (moment, moment))
    return path


def states(monitor: CSVMonitor) -> dict[str, str]:
    """Return the state of each file."""
    return {file.name: file.state for file in monitor.scan().files}


def test_life_of_a_file(monitor: CSVMonitor, folder: Path) -> None:
    """A file is new, then unchanged once marked, changed when its content differs, gone when it is removed."""
    path = drop(folder, "a.csv", HEADER + "1,x\n")
    assert states(monitor) == {"a.csv": "new"}
    assert states(monitor) == {"a.csv": "new"}, "looking alone marks nothing"
    monitor.mark_loaded(monitor.scan().to_load)
    assert states(monitor) == {"a.csv": "unchanged"}
    drop(folder, "a.csv", HEADER + "1,y\n", age=50)
    assert states(monitor) == {"a.csv": "changed"}
    monitor.mark_loaded(monitor.scan().to_load)
    path.unlink()
    assert states(monitor) == {"a.csv": "gone"}
    monitor.mark_loaded(monitor.scan().files)
    assert states(monitor) == {}


def test_touched_file_is_not_new(monitor: CSVMonitor, folder: Path) -> None:
    """A file with another time and the same content has not changed."""
    path = drop(folder, "a.csv", HEADER)
    monitor.mark_loaded(monitor.scan().files)
    os.utime(path, (1_000_000, 1_000_000))
    assert states(monitor) == {"a.csv": "unchanged"}


def test_known_file_is_not_read_again(monitor: CSVMonitor, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Hundreds of files that were loaded are told by size and time alone; only the one that changed is read."""
    for number in range(400):
        drop(folder, f"{number % 20}/{number}.csv", f"{HEADER}{number},x\n")
    monitor.mark_loaded(monitor.scan().files)
    drop(folder, "7/7.csv", HEADER + "7,changed\n", age=30)
    read: list[Path] = []
    original = csv_monitor.read

    def noted(path: Path, declared: Declared) -> tuple[str, Form | None]:
        read.append(path)
        return original(path, declared)

    monkeypatch.setattr(csv_monitor, "read", noted)
    assert [file.name for file in monitor.scan().to_load] == ["7/7.csv"]
    assert read == [folder / "7/7.csv"]


def test_files_still_being_written_are_left_alone(monitor: CSVMonitor, folder: Path) -> None:
    """A file that was written to a moment ago, or has the name of a part, is partial and not marked."""
    drop(folder, "fresh.csv", HEADER, age=0)
    drop(folder, "upload.csv.part", HEADER)
    drop(folder, ".hidden.csv", HEADER)
    drop(folder, "notes.txt", "not a CSV file")
    assert states(monitor) == {"fresh.csv": "partial", "upload.csv.part": "partial"}
    monitor.mark_loaded(monitor.scan().files)
    drop(folder, "fresh.csv", HEADER)
    assert states(monitor)["fresh.csv"] == "new"


def test_drift_of_form_is_reported(monitor: CSVMonitor, folder: Path) -> None:
    """Another delimiter, encoding or header than in the last load is said in words."""
    drop(folder, "a.csv", "id,name\n1,Müller\n")
    drop(folder, "b.csv", "id,name\n")
    drop(folder, "c.csv", "id,name\n")
    monitor.mark_loaded(monitor.scan().files)
    drop(folder, "a.csv", "id;name\n1;Müller\n".encode("latin-1"), age=50)
    drop(folder, "b.csv", "id,e-mail\n", age=50)
    drop(folder, "c.csv", "name,id\n", age=50)
    assert {file.name: file.drift for file in monitor.scan().files} == {
        "a.csv": ("encoding `utf-8` became `cp1252`", "delimiter `,` became `;`"),
        "b.csv": ("column `name` is gone", "column `e-mail` is new"),
        "c.csv": ("columns are in another order",),
    }


@pytest.mark.parametrize(
    ("content", "encoding", "delimiter", "header"),
    [
        (b"id\n1\n", "utf-8", ",", ("id",)),
        (b'"a;b",c\n', "utf-8", ",", ("a;b", "c")),
        (b"a|b|c\r\n", "utf-8", "|", ("a", "b", "c")),
        (b"\xef\xbb\xbfid,name\n", "utf-8-sig", ",", ("id", "name")),
        ("id\tnäme\n".encode("utf-16"), "utf-16", "\t", ("id", "näme")),
        pytest.param(
            *(b"id,name\n" + b"1,x\n" * 800_000 + "1,Müller\n".encode("cp1252"), "cp1252", ",", ("id", "name")),
            id="late bytes",
        ),
        pytest.param(b"id,n" + "ä".encode() * 70_000, "utf-8", ",", ("id",), id="long name"),
    ],
)
def test_form_is_recognised(
    monitor: CSVMonitor, folder: Path, content: bytes, encoding: str, delimiter: str, header: tuple[str, ...]
) -> None:
    """Encoding, delimiter and header are found, also where only the end of a large file is not UTF-8."""
    drop(folder, "a.csv", content)
    (file,) = monitor.scan().files
    assert file.form is not None
    assert (file.form.encoding, file.form.delimiter, file.form.header[: len(header)]) == (encoding, delimiter, header)


@pytest.mark.parametrize("content", ["", "<html></html>", "a;b,c\n1;2,3\n", "n\ncrème\n".encode("cp1252")])
def test_file_that_is_no_table_is_seen_without_a_form(monitor: CSVMonitor, folder: Path, content: str | bytes) -> None:
    """What cannot be read, or not with certainty, is a file all the same: who loads it is told why."""
    drop(folder, "a.csv", content)
    drop(folder, "b.csv", HEADER)
    assert [(file.state, file.form is None) for file in monitor.scan().files] == [("new", True), ("new", False)]


def test_several_patterns_count(monitor: CSVMonitor, folder: Path) -> None:
    """A folder may take files of several endings, and those that become one."""
    for name in ("a.csv", "b.csv.gz", "c.xlsx", "d.md", "e.csv.gz.part"):
        drop(folder, name, HEADER)
    several = CSVMonitor(folder, monitor.state_file, pattern=csv_monitor.TABLES)
    assert list(states(several)) == ["a.csv", "b.csv.gz", "c.xlsx", "e.csv.gz.part"]


def test_declared_form_is_the_one_that_is_found(folder: Path, tmp_path: Path) -> None:
    """A file is looked at as it is declared, once, and again when it is declared otherwise, changed or not."""
    drop(folder, "a.csv", "n\ncrème\n".encode("cp1252"))

    def seen(declared: Declared) -> Seen:
        watch = CSVMonitor(folder, tmp_path / "state.json", declared=lambda _: declared)
        (file,) = watch.scan().files
        watch.mark_loaded([file])
        return file

    assert seen(Declared()).form is None
    for encoding in ("cp1252", "cp1250"):
        file = seen(Declared(encoding=encoding))
        assert file.form is not None
        assert (file.state, file.form.encoding, file.declared.encoding) == ("unchanged", encoding, encoding)


def test_form_of_an_earlier_version_is_forgotten(monitor: CSVMonitor, folder: Path) -> None:
    """A state that says less of a file than is needed to read it leaves the file unchanged, and its form unknown."""
    drop(folder, "a.csv", HEADER)
    monitor.mark_loaded(monitor.scan().files)
    state = json.loads(monitor.state_file.read_text())
    state["files"]["a.csv"]["form"] = {"encoding": "utf-8", "delimiter": ",", "header": ["id", "name"]}
    monitor.state_file.write_text(json.dumps(state))
    (file,) = monitor.scan().files
    assert (file.state, file.form) == ("unchanged", None)


@pytest.mark.slow
def test_state_survives_a_kill(monitor: CSVMonitor, folder: Path) -> None:
    """Killed while it writes its state over and over, a monitor leaves one that can be read."""
    drop(folder, "a.csv", HEADER)
    monitor.mark_loaded(monitor.scan().files)
    code = (
        "import pathlib, sys; from shared.csv_monitor import CSVMonitor\n"
        "m = CSVMonitor(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])); f = m.scan().files; print(flush=True)\n"
        "while True: m.mark_loaded(f)"
    )
    for _ in range(3):
        command = [sys.executable, "-c", code, str(folder), str(monitor.state_file)]
        process = subprocess.Popen(command, stdout=subprocess.PIPE)
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(0.05)
        process.kill()
        process.communicate()
        assert states(monitor) == {"a.csv": "unchanged"}


def test_state_of_another_folder_is_refused(monitor: CSVMonitor, folder: Path, tmp_path: Path) -> None:
    """A state file that was copied from another folder's monitor, or is damaged, is an error with a hint."""
    drop(folder, "a.csv", HEADER)
    monitor.mark_loaded(monitor.scan().files)
    other = tmp_path / "other"
    other.mkdir()
    with pytest.raises(ConfigurationError, match="that of another folder"):
        CSVMonitor(other, monitor.state_file).scan()
    monitor.state_file.write_text('{"files"')
    with pytest.raises(ConfigurationError, match="cannot read what was loaded") as raised:
        monitor.scan()
    assert raised.value.hint


def test_missing_folder_is_an_error(tmp_path: Path) -> None:
    """A folder that is not there is the user's mistake."""
    with pytest.raises(InputError, match="no such folder"):
        CSVMonitor(tmp_path / "nothing", tmp_path / "state.json").scan()


def test_command_says_what_there_is(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The command lists each file with its state, exits 1 while there is something to load, and marks on request."""
    drop(folder, "a.csv", HEADER)
    assert main([str(folder), "--mark"]) == 1
    assert capsys.readouterr().out == "new       a.csv\n"
    assert main([str(folder), "--json"]) == 0
    record = json.loads(capsys.readouterr().out)
    assert (record["name"], record["state"], record["form"]["header"]) == ("a.csv", "unchanged", ["id", "name"])


def test_link_out_of_the_folder_is_refused_by_name(monitor: CSVMonitor, folder: Path, tmp_path: Path) -> None:
    """A file, a folder or a chain of links that leads out ends the look; one that stays within is a file."""
    real = drop(folder, "a.csv", HEADER + "1,x\n")
    (folder / "again.csv").symlink_to(real)
    assert states(monitor) == {"a.csv": "new", "again.csv": "new"}
    drop(tmp_path, "outside/secret.csv", HEADER)
    drop(folder, "sub/b.csv", HEADER)
    (folder / ".hop").symlink_to("../outside/secret.csv")
    for name, target in {
        "file.csv": "../outside/secret.csv",
        "sub/up.csv": "../../outside/secret.csv",
        "folder": str(tmp_path / "outside"),
        "chain.csv": ".hop",
        "environment.csv": "/proc/self/environ",
        "gone.csv": "/nowhere/at/all.csv",
        "loop.csv": "loop.csv",
    }.items():
        (folder / name).symlink_to(target)
        with pytest.raises(InputError, match=rf"a link that leads .*: `{name}`"):
            monitor.scan()
        (folder / name).unlink()


def test_watched_folder_may_be_a_link_itself(folder: Path, tmp_path: Path) -> None:
    """Where the folder that is watched is a link, its files are those behind it."""
    drop(folder, "a.csv", HEADER + "1,x\n")
    (tmp_path / "link").symlink_to(folder)
    assert states(CSVMonitor(tmp_path / "link", tmp_path / "state.json")) == {"a.csv": "new"}
