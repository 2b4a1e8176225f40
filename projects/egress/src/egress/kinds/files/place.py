"""A folder behind a server, and what is published there: files of deliveries, and a manifest that names the newest."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from egress.engine.errors import TargetRefused, TargetUnavailable
from egress.engine.models import Model
from egress.engine.payload import as_json
from shared.config.named import with_values
from shared.errors import ConfigurationError, PlatformError
from shared.http.redaction import masked
from shared.monitoring import Run
from shared.places.names import PATIENCE, shown
from shared.redaction import guard

PREFIX = "delivery-"
# Folders of former deliveries that one delivery removes at most.
MOST_REMOVED = 50
# Of a manifest: three formats of a thousand partitions.
MOST_BYTES = 8 << 20
# Their clients would make a bucket whose name is misspelt.
WITHOUT_FOLDERS = ("s3://", "gs://", "az://", "abfss://")
# Of a client's options these are told in messages; all others may be secret.
TOLD = ("url", "host", "region", "port", "name", "project")
NO_LOGIN = ("NoCredentialsError", "PartialCredentialsError")


def manifest_of(model: Model) -> str:
    """Return what a model's manifest is called."""
    return f"{model.name}.manifest.json"


@dataclass(frozen=True)
class Place:
    """A folder behind a server that files are published in.

    Attributes:
        client: An fsspec file system that keeps no listings.
        root: The folder as the client names it.
        url: The folder as people do.
        target: The target's name.
        model: What is published.
    """

    client: Any = field(repr=False)
    root: str
    url: str
    target: str
    model: Model

    @classmethod
    def of(cls, target: str, model: Model, url: str, options: Mapping[str, object]) -> Place:
        """Return a target's; nobody is asked yet.

        Raises:
            ConfigurationError: The package for it is not installed, or takes other options.
        """
        # It takes a moment to import.
        from fsspec.core import url_to_fs

        given = with_values(options)
        for name, value in given.items():
            if isinstance(value, str) and not name.endswith(TOLD):
                guard(value)
        more: dict[str, Any] = {"config_kwargs": dict(PATIENCE)} if url.startswith("s3://") else {}
        try:
            client, root = url_to_fs(url, **{**more, "use_listings_cache": False, "skip_instance_cache": True, **given})
        except (ImportError, TypeError, ValueError) as error:
            raise ConfigurationError(
                f"the place of `{target}` cannot be used: {masked(f'{type(error).__name__}: {error}')}",
                hint="correct `place` and `options` in its module, or add the package to "
                "projects/egress/pyproject.toml, then `./pixiw run lock egress`",
            ) from None
        return cls(client, root.rstrip("/"), url, target, model)

    @property
    def _manifest(self) -> str:
        return f"{self.root}/{manifest_of(self.model)}"

    def _read(self) -> bytes:
        """Return the manifest that is there, or nothing."""
        with self._told():
            try:
                return bytes(self.client.cat_file(self._manifest, start=0, end=MOST_BYTES))
            except FileNotFoundError:
                return b""

    def stands(self, receipt: str) -> bool:
        """Tell whether the manifest is, byte for byte, the one of a receipt, and its files are there in their sizes."""
        said = self._read()
        if hashlib.sha256(said).hexdigest() != receipt:
            return False
        with self._told():
            try:
                return all(self._size(file["path"]) == file["bytes"] for file in json.loads(said)["files"])
            except FileNotFoundError:
                return False

    def _size(self, path: str) -> int:
        return int(self.client.info(f"{self.root}/{path}")["size"])

    def delivery(self) -> str:
        """Return the folder of what is published now, if anything is."""
        try:
            return str(json.loads(self._read())["delivery"])
        except (ValueError, KeyError, TypeError):
            return ""

    def put(self, file: Path, folder: str, known: Mapping[str, Any]) -> dict[str, Any]:
        """Bring a file into a folder of a delivery, and return what the manifest says of it.

        Raises:
            TargetUnavailable: It is not there as it was sent.
        """
        path, size = f"{self.model.name}/{folder}/{file.name}", file.stat().st_size
        with self._told():
            if not self.url.startswith(WITHOUT_FOLDERS):
                self.client.makedirs(f"{self.root}/{self.model.name}/{folder}", exist_ok=True)
            self.client.put_file(str(file), f"{self.root}/{path}")
            if self._size(path) != size:
                raise TargetUnavailable(f"`{self.target}` did not take all of `{path}`", hint="run it again")
        return {"path": path, "bytes": size, **known}

    def publish(self, run: Run, rows: int, files: list[dict[str, Any]]) -> str:
        """Put the manifest in the former one's place, and return the hash of it."""
        said = {
            "version": 1,
            "model": self.model.table,
            "run": run.id,
            "delivery": f"{PREFIX}{run.id}",
            "rows": rows,
            "files": files,
        }
        content = json.dumps(said, indent=1, default=as_json).encode()
        with self._told():
            self.client.pipe_file(self._manifest, content)
        return hashlib.sha256(content).hexdigest()

    def remove_but(self, kept: set[str]) -> None:
        """Remove folders of former deliveries; that of the one before stays, as somebody may be reading it."""
        with self._told():
            found = self.client.ls(f"{self.root}/{self.model.name}", detail=False)
            names = {path.rstrip("/").rpartition("/")[2]: path for path in found}
            old = sorted(name for name in names if name.startswith(PREFIX) and name not in kept)
            for name in old[:MOST_REMOVED]:
                self.client.rm(names[name], recursive=True)

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Say in our words what the client raises, which has its own errors for each place."""
        try:
            yield
        except (PlatformError, FileNotFoundError) as error:
            if isinstance(error, PlatformError):
                raise
            raise TargetRefused(
                f"not there, or not for this login to see: `{shown(self.url)}`",
                hint="correct the name of the bucket or folder, or make it",
            ) from error
        except Exception as error:
            said = masked(f"{type(error).__name__}: {error}")
            if isinstance(error, PermissionError) or type(error).__name__ in NO_LOGIN:
                raise TargetRefused(
                    f"no access to `{shown(self.url)}`: {said}",
                    hint="correct the login, or let its owner read, write, list and delete there",
                ) from error
            raise TargetUnavailable(
                f"`{shown(self.url)}` does not answer as it should: {said}",
                hint="run it again: what was published stays until all of the next delivery is there",
            ) from error
