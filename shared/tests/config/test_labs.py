"""The registry of labs: what it gives, and which mistakes in it are told."""

from __future__ import annotations

from pathlib import Path

import pytest

from shared.config import get_settings
from shared.config.labs import find_lab, read_registry
from shared.config.paths import get_lab_db_path, get_lab_path, get_lab_raw_path
from shared.errors import ConfigurationError, UserError

GOOD = """
version: 1
labs:
  lab1_sales:
    description: Sales
  lab2_forecast:
    description: Forecast
    environment: lab-forecast
    database: data/other.duckdb
    raw: incoming
"""


@pytest.fixture
def labs_dir(project: Path) -> Path:
    """Make the folders of two labs with a registry."""
    folder = project / "projects" / "labs"
    for name in ("lab1_sales", "lab2_forecast"):
        (folder / name).mkdir(parents=True)
    (folder / "labs_config.yaml").write_text(GOOD)
    return folder


def test_places_follow_from_the_name(labs_dir: Path) -> None:
    """A lab that names no places has its database and raw files under `data` in the folder of its name."""
    lab = read_registry()["lab1_sales"]
    assert (lab.folder, lab.environment) == (labs_dir / "lab1_sales", "labs")
    assert get_lab_path("lab1_sales") == lab.folder
    assert get_lab_db_path("lab1_sales") == labs_dir / "lab1_sales/data/lab1_sales.duckdb"
    assert get_lab_raw_path("lab1_sales") == labs_dir / "lab1_sales/data/raw"


def test_places_can_be_named(labs_dir: Path) -> None:
    """A lab's own places start at its folder."""
    assert get_lab_db_path("lab2_forecast") == labs_dir / "lab2_forecast/data/other.duckdb"
    assert get_lab_raw_path("lab2_forecast") == labs_dir / "lab2_forecast/incoming"
    assert find_lab("lab2_forecast").environment == "lab-forecast"


def test_labs_dir_is_a_setting(labs_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """LABS_DIR moves the labs with their registry."""
    moved = labs_dir.rename(tmp_path / "moved")
    monkeypatch.setenv("LABS_DIR", "moved")
    assert get_lab_path("lab1_sales") == moved / "lab1_sales"
    assert get_settings().labs_dir == moved


def test_unknown_lab_is_an_error_with_the_nearest(labs_dir: Path) -> None:
    """A name that no lab has is the user's mistake; the hint has the nearest one."""
    with pytest.raises(UserError, match="no such lab: `lab1_sale`") as caught:
        find_lab("lab1_sale")
    assert caught.value.hint is not None
    assert "did you mean `lab1_sales`?" in caught.value.hint


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ("  lab2_forecast:", "  lab1_sales:", "`lab1_sales` is there twice"),
        ("    raw: incoming", "    raw: incoming\n    raw: other", "`raw` is there twice"),
        ("data/other.duckdb", "../../../outside.duckdb", "a path of lab `lab2_forecast` is outside the labs"),
        ("raw: incoming", "raw: /etc", "a path of lab `lab2_forecast` is outside the labs"),
        ("raw: incoming", "folder: .", "a path of lab `lab2_forecast` is outside the labs"),
        ("raw: incoming", "folder: gone", "lab `lab2_forecast` has no folder"),
        ("raw: incoming", "folder: lab1_sales", "have the same path"),
        ("raw: incoming", "raw: ../lab1_sales/data/raw", "labs `lab1_sales` and `lab2_forecast` have the same path"),
        ("data/other.duckdb", "../lab1_sales/data/lab1_sales.duckdb", "have the same path"),
        ("raw: incoming", "colour: red", "`labs.lab2_forecast.colour`: extra inputs are not permitted"),
        ("    description: Sales", "    environment: labs", "`labs.lab1_sales.description`: field required"),
        ("  lab1_sales:", "  Lab One:", "cannot be used"),
        ("  lab1_sales:", "  'lab\"; drop schema raw; --':", "cannot be used"),
        ("  lab1_sales:", "  status:", "no lab can be called so: `status`"),
        ("version: 1", "version: 2", "of version 2"),
        ("version: 1", "version: [", "not readable as YAML"),
        ("version: 1", "version: 2024-13-01", "not readable as YAML"),
        (GOOD, "", "cannot be used"),
    ],
)
def test_mistake_is_told(labs_dir: Path, before: str, after: str, message: str) -> None:
    """Each mistake in the registry is the user's, is named, and comes with a hint."""
    registry = labs_dir / "labs_config.yaml"
    assert before in GOOD
    registry.write_text(GOOD.replace(before, after))
    with pytest.raises(ConfigurationError, match=message) as caught:
        read_registry()
    assert caught.value.exit_code == 2
    assert caught.value.hint


def test_missing_registry_is_told(labs_dir: Path) -> None:
    """Without a registry the error says where it should be."""
    (labs_dir / "labs_config.yaml").unlink()
    with pytest.raises(ConfigurationError, match=r"no registry of labs: `.*labs_config.yaml`"):
        read_registry()


def test_link_does_not_lead_outside(labs_dir: Path, tmp_path: Path) -> None:
    """A link inside the labs to somewhere else counts as what it points to."""
    (tmp_path / "elsewhere").mkdir()
    (labs_dir / "lab1_sales" / "data").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ConfigurationError, match="a path of lab `lab1_sales` is outside the labs"):
        read_registry()
