"""A lab's database: made, opened, and refused where it is not the lab's."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from shared.config import Settings
from shared.config.labs import Lab, read_registry
from shared.errors import NotAWarehouse, WarehouseBusy, WrongWarehouse
from shared.warehouse.lab_database import LAB_LAYERS, open_lab


@pytest.fixture
def labs(project: Path, settings: Settings) -> dict[str, Lab]:
    """Register two labs."""
    for name in ("lab_one", "lab_two"):
        (settings.labs_dir / name).mkdir(parents=True)
    (settings.labs_dir / "pyproject.toml").write_text('[tool.platform]\ncommand = "lab"\n')
    (settings.labs_dir / "labs_config.yaml").write_text(
        "version: 1\nlabs:\n  lab_one: {description: one}\n  lab_two: {description: two}\n"
    )
    return read_registry(settings)


def test_database_is_made_with_its_layers_and_identity(labs: dict[str, Lab], settings: Settings) -> None:
    """Opened for writing a lab's database is made where the registry says, with the lab's layers and none else."""
    with open_lab(labs["lab_one"], settings, holder="test", mode="write") as database:
        assert database.path == labs["lab_one"].database
        assert database.identity.name == "lab_one"
        assert set(LAB_LAYERS) <= database.schemas()
        assert "staging" not in database.schemas()


def test_another_labs_database_is_refused(labs: dict[str, Lab], settings: Settings) -> None:
    """A database that was copied over from another lab is refused by name, and stays as it is."""
    one, two = labs["lab_one"], labs["lab_two"]
    open_lab(one, settings, holder="test", mode="write").close()
    two.database.parent.mkdir(parents=True)
    shutil.copyfile(one.database, two.database)
    before = two.database.read_bytes()
    with pytest.raises(WrongWarehouse, match="expected the database of `lab_two`, found that of `lab_one`") as caught:
        open_lab(two, settings, holder="test", mode="write")
    assert caught.value.hint is not None
    assert "lab_two" in caught.value.hint
    assert two.database.read_bytes() == before


def test_damaged_database_is_refused(labs: dict[str, Lab], settings: Settings) -> None:
    """A file that is no database is refused and stays as it is."""
    database = labs["lab_one"].database
    database.parent.mkdir(parents=True)
    database.write_text("not a database")
    with pytest.raises(NotAWarehouse, match="not a DuckDB database") as caught:
        open_lab(labs["lab_one"], settings, holder="test", mode="write")
    assert caught.value.hint is not None
    assert "./pixiw run lab lab_one" in caught.value.hint
    assert database.read_text() == "not a database"


def test_missing_database_cannot_be_read(labs: dict[str, Lab], settings: Settings) -> None:
    """Reading a lab that never ran says how to run it, and makes no file."""
    with pytest.raises(NotAWarehouse, match="lab `lab_one` has no database yet"):
        open_lab(labs["lab_one"], settings, holder="test")
    assert not labs["lab_one"].database.exists()


def test_second_writer_is_told_who_holds_it(labs: dict[str, Lab], settings: Settings) -> None:
    """Whoever wants to write to a lab in use is told by whom it is; another lab is free."""
    at_once = settings.model_copy(update={"warehouse_lock_timeout": 0.0})
    with open_lab(labs["lab_one"], settings, holder="the first", mode="write"):
        with pytest.raises(WarehouseBusy, match=r"`lab_one\.duckdb` is in use: `the first`"):
            open_lab(labs["lab_one"], at_once, holder="the second", mode="write")
        open_lab(labs["lab_two"], at_once, holder="the second", mode="write").close()
