"""The last inspection, kept from one run to the next."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from shared.errors import InputError
from shared.inspector import DataInspector, Inspection, changes_between
from shared.inspector.memory import Memory
from shared.warehouse import Warehouse

NASTY = '../../a"; drop schema raw; --'


@pytest.fixture
def inspector(warehouse: Warehouse) -> DataInspector:
    """Return an inspector that remembers, of a warehouse with a table."""
    warehouse.execute("create table raw.t (a integer, b varchar)")
    warehouse.execute("insert into raw.t values (1, 'é'), (2, null)")
    return DataInspector(warehouse)


def folder_of(inspector: DataInspector) -> Path:
    """Return where inspections are kept."""
    return inspector.warehouse.state_dir / "inspections"


def test_last_inspection_comes_back(inspector: DataInspector) -> None:
    """What was found last is the same when it is read again; before the first time there is nothing."""
    assert inspector.last("raw.t") is None
    found = inspector.inspect("raw.t")
    assert inspector.last("raw.t") == found
    assert changes_between(found, inspector.inspect("raw.t")) == []


def test_narrower_target_is_found_in_a_wider_inspection(inspector: DataInspector) -> None:
    """The newest inspection that a target was part of is its last, whichever target that had."""
    schema = inspector.inspect("raw")
    assert inspector.last("raw.t") == inspector.last("raw") == schema
    whole = inspector.inspect()
    assert inspector.last("raw.t") == inspector.last("raw") == inspector.last() == whole
    one = inspector.inspect("raw.t")
    assert inspector.last("raw.t") == one
    assert inspector.last("raw") == whole


def test_not_remembering(inspector: DataInspector, warehouse: Warehouse) -> None:
    """An inspector that shall not remember leaves nothing behind and still reads what another has left."""
    silent = DataInspector(warehouse, remember=False)
    silent.inspect("raw.t")
    assert not folder_of(inspector).exists()
    found = inspector.inspect("raw.t")
    silent.inspect("raw.t")
    assert silent.last("raw.t") == found


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"version": 99}', b'{"version": 1}', b"\xff\xfe", b"null"])
def test_what_cannot_be_read_counts_as_none(
    inspector: DataInspector, content: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    """A damaged file, or one of another version, is left aside, which is said; the next inspection replaces it."""
    inspector.inspect("raw.t")
    (path,) = folder_of(inspector).iterdir()
    path.write_bytes(content)
    assert inspector.last("raw.t") is None
    assert "the last inspection cannot be read and is left aside" in capsys.readouterr().err
    found = inspector.inspect("raw.t")
    assert inspector.last("raw.t") == found


def test_folder_that_cannot_be_written_does_not_stop_the_inspection(
    inspector: DataInspector, capsys: pytest.CaptureFixture[str]
) -> None:
    """Where nothing can be remembered, that is said and the inspection is there all the same."""
    folder_of(inspector).parent.mkdir(parents=True, exist_ok=True)
    folder_of(inspector).write_text("a file in the way")
    assert inspector.inspect("raw.t").tables[0].rows == 2
    assert "this inspection cannot be remembered" in capsys.readouterr().err


def test_one_dated_ahead_is_not_the_last_for_long(inspector: DataInspector) -> None:
    """An inspection of everything that a wrong clock has dated ahead gives way to any that is dated right."""
    memory, found = Memory(folder_of(inspector)), inspector.inspect("raw.t")
    memory.keep(replace(found, target=None, taken_at=found.taken_at + timedelta(days=400)))
    assert memory.last("raw.t") == found


def test_names_do_not_leave_the_folder(inspector: DataInspector) -> None:
    """A target whose name is a path is filed inside the folder."""
    memory = Memory(folder_of(inspector))
    assert memory.path(NASTY).parent == folder_of(inspector)
    assert memory.path(NASTY) != memory.path(None)


@pytest.mark.slow
def test_state_survives_a_kill(inspector: DataInspector, tmp_path: Path) -> None:
    """Killed while it writes over and over, an inspector leaves an inspection that can be read."""
    found = inspector.inspect("raw.t")
    copy = tmp_path / "copy.json"
    copy.write_text(found.to_json(), encoding="utf-8")
    code = (
        "import sys; from pathlib import Path; from shared.inspector.results import Inspection\n"
        "from shared.inspector.memory import Memory\n"
        "memory, found = Memory(Path(sys.argv[1])), Inspection.from_json(Path(sys.argv[2]).read_bytes())\n"
        "print(flush=True)\n"
        "while True: memory.keep(found)"
    )
    for _ in range(3):
        command = [sys.executable, "-c", code, str(folder_of(inspector)), str(copy)]
        process = subprocess.Popen(command, stdout=subprocess.PIPE)
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(0.05)
        process.kill()
        process.communicate()
        assert inspector.last("raw.t") == found


def test_json_has_a_version(inspector: DataInspector) -> None:
    """The JSON says which form it has, and that of another version is refused."""
    content = json.loads(inspector.inspect("raw.t").to_json())
    assert content["version"] == 1
    content["version"] = 2
    with pytest.raises(InputError, match="no inspection of version 1: version is `2`"):
        Inspection.from_json(json.dumps(content))
