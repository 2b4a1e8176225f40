"""What a first declaration of each kind says: enough to be loaded, to be corrected by who knows the other side."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from egress.engine.models import Model
from shared.config.named import Setting
from shared.new.code import Call, rendered


@dataclass(frozen=True)
class Draft:
    """What a module of a target is written from.

    Attributes:
        title: What it does.
        imports: The lines that import what `call` names, besides the model.
        call: The target.
    """

    title: str
    imports: tuple[str, ...]
    call: Call

    def text(self) -> str:
        """Return the module."""
        lines = "\n".join(sorted(["from egress.engine.models import Model", *self.imports]))
        declared = "TARGET = " + rendered(self.call, len("TARGET = "))
        return f'"""{self.title} A first declaration, to be corrected."""\n\n{lines}\n\n{declared}\n'


def rest(name: str, model: Model, prefix: str) -> Draft:
    """Return a target that puts each row at a path with its key, and holds 400 and 422 for what the row is."""
    path = f"/{model.name}/{{{model.key}}}"
    return Draft(
        f"Sends the changed rows of {model.table} to the API at {prefix}_API_URL.",
        (
            "from egress.kinds.rest.declared import Refusals",
            "from egress.kinds.rest.target import Rest",
        ),
        called("Rest", name, model, prefix, method="PUT", path=path, refusals=Call("Refusals", ((400, 422),))),
    )


def table(name: str, model: Model, prefix: str) -> Draft:
    """Return a target that keeps a table called as the model is."""
    return Draft(
        f"Keeps a table like {model.table} in the database at {prefix}_URL.",
        ("from egress.kinds.table.target import Table",),
        called("Table", name, model, prefix, table=model.name),
    )


def files(name: str, model: Model, prefix: str) -> Draft:
    """Return a target that writes both formats into a folder of its own."""
    return Draft(
        f"Writes {model.table} as files when it has changed.",
        ("from egress.kinds.files.target import Files",),
        called("Files", name, model, prefix, formats=("parquet", "csv"), folder=name),
    )


def bucket(name: str, model: Model, prefix: str) -> Draft:
    """Return a target that publishes a model as parquet at a place behind a server, S3's for a start."""
    login = {"key": Setting(f"{prefix}_KEY_ID"), "secret": Setting(f"{prefix}_SECRET_KEY")}
    place = Setting(f"{prefix}_PLACE")
    return Draft(
        f"Publishes {model.table} as files at {prefix}_PLACE.",
        ("from egress.kinds.files.bucket import Bucket", "from shared.config.named import Setting"),
        called("Bucket", name, model, prefix, place=place, formats=("parquet",), options=login),
    )


def dlt(name: str, model: Model, prefix: str) -> Draft:
    """Return a target that copies to a DuckDB file, the destination which needs nothing else."""
    return Draft(
        f"Copies {model.table} by dlt when it has changed.",
        ("from egress.kinds.dlt.target import Dlt", "from shared.config.named import Setting"),
        called(
            "Dlt",
            name,
            model,
            prefix,
            destination="duckdb",
            dataset=name,
            arguments={"credentials": Setting(f"{prefix}_CREDENTIALS")},
        ),
    )


def called(kind: str, name: str, model: Model, prefix: str, **named: object) -> Call:
    """Return the call of a kind."""
    return Call(kind, (name, Call("Model", (model.table,), {"key": model.key})), {"settings": prefix, **named})


KINDS: Mapping[str, Callable[[str, Model, str], Draft]] = {
    "rest": rest,
    "table": table,
    "files": files,
    "bucket": bucket,
    "dlt": dlt,
}
