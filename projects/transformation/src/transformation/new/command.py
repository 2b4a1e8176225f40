"""`new-model`: a model that is written, built and tested, or nothing at all.

It is built from a copy of the dbt project in `.pixi`, which git ignores, and gets into the project once its tests pass.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from shared.config import Settings
from shared.dbt.build import enter_results, raise_if_failed, run_build, show_tests
from shared.dbt.environment import dbt_environment, log_dir
from shared.errors import UserError
from shared.monitoring import Run, record_run
from shared.new.names import check_name, reserved
from shared.new.publishing import alone, hold_free, publish
from shared.utils.console import say
from shared.utils.files import write_whole
from shared.warehouse import Warehouse, open_warehouse, quote
from transformation.layers import PROJECT_DIR, ROLE, declared_keys
from transformation.new.files import FOLDERS, NewModel
from transformation.new.look import looked_at

BUILDING, PARSED = "building", "partial_parse.msgpack"
# What dbt's project reads besides its models, from the folder of the project.
BESIDE = ("macros", "seeds", "snapshots", "tests", "../../shared/dbt_macros")
SETTINGS = ("dbt_project.yml", "profiles.yml")


def new_model(
    settings: Settings, name: str, layer: str, wanted: Sequence[str], key: str | None, *, project: Path = PROJECT_DIR
) -> None:
    """Write a model of relations, build and test it; on failure nothing is left.

    Args:
        settings: Names the warehouse.
        name: What the model is called.
        layer: `core` or `egress`.
        wanted: The relations, `schema.table`; the first one's rows are the model's.
        key: The column that identifies a row; looked for where None.
        project: The folder of the dbt project.

    Raises:
        UserError: The name is taken, or there is no such model to be made.
        BuildFailed: It cannot be built, or its tests fail.
    """
    check_name(name, "model")
    with alone(settings, "new-model") as folder:
        files = [project / "models" / FOLDERS[layer] / f"{name}.{ending}" for ending in ("yml", "sql")]
        hold_free(files)
        if name in declared_keys() or name in reserved():
            raise UserError(f"there is a model of this name, or none can have it: `{name}`", hint="choose another name")
        with (
            open_warehouse(settings, holder="new-model", role=ROLE, mode="write") as warehouse,
            record_run(warehouse, step="transform", command=f"new-model {name}") as run,
        ):
            drop_left(warehouse, folder)
            relation = f"{layer}.{name}"
            if warehouse.table_exists(relation):
                raise UserError(f"there is a relation of this name: `{relation}`", hint="choose another, or drop it")
            model = looked_at(warehouse, name, layer, wanted, key)
            with building(warehouse, relation, files[-1], folder):
                rows = build(settings, model, project, folder, run)
                publish(folder, dict(zip(files, (model.yaml, model.sql), strict=True)))
    say(f"{files[1]}: `{relation}`, {rows:,} rows, {len(model.columns)} columns, rows by `{model.key}`")
    for other, column in model.joins.items():
        say(f"    `{other}` is joined by `{column}`")
    more = f"; `./pixiw run new-target NAME --kind … --from {relation}` delivers it" if layer == "egress" else ""
    say(f"    read it and its YAML, and correct the descriptions{more}")


@contextmanager
def building(warehouse: Warehouse, relation: str, file: Path, folder: Path) -> Iterator[None]:
    """Note which relation is being made for which file, and take it away where it does not come to its end."""
    write_whole(folder / BUILDING, f"{relation} {file}")
    try:
        yield
    except BaseException:
        drop_left(warehouse, folder)
        raise
    (folder / BUILDING).unlink()


def drop_left(warehouse: Warehouse, folder: Path) -> None:
    """Drop the relation that a call was making which has not come to its end, unless its model was published."""
    with suppress(FileNotFoundError):
        relation, _, file = (folder / BUILDING).read_text().partition(" ")
        if not Path(file).exists():
            warehouse.execute(f"drop table if exists {quote(relation)}")
        (folder / BUILDING).unlink()


def build(settings: Settings, model: NewModel, project: Path, folder: Path, run: Run) -> int:
    """Build and test a model from a copy of the project, and return how many rows it has.

    Raises:
        BuildFailed: It cannot be, or a test fails.
    """
    with copied(project, folder / "project") as copy:
        into = copy / "models" / FOLDERS[model.layer]
        (into / f"{model.name}.sql").write_text(model.sql, encoding="utf-8")
        (into / f"{model.name}.yml").write_text(model.yaml, encoding="utf-8")
        environment = dbt_environment(settings, copy, ROLE)
        target = folder / "target"
        target.mkdir(exist_ok=True)
        # What dbt has parsed of the project it need not parse again.
        with suppress(FileNotFoundError):
            shutil.copy(Path(environment["DBT_TARGET_PATH"], PARSED), target)
        environment["DBT_TARGET_PATH"] = str(target)
        with run.warehouse.handed_over():
            nodes = run_build(f"new-model {model.name}", ["--select", model.name], environment)
        rows = enter_results(run.warehouse, run, nodes)
        show_tests(nodes)
        raise_if_failed(nodes, log_dir(settings))
    return rows[f"{model.layer}.{model.name}"]


@contextmanager
def copied(project: Path, top: Path) -> Iterator[Path]:
    """Make a copy of a dbt project for a while, of links but for its models, and yield its folder."""
    shutil.rmtree(top, ignore_errors=True)
    # As deep as the project itself: it has a path to its neighbours.
    copy = top / "projects" / project.name
    copy.mkdir(parents=True)
    try:
        shutil.copytree(project / "models", copy / "models")
        for name in SETTINGS:
            shutil.copyfile(project / name, copy / name)
        for name in BESIDE:
            link = copy / name
            link.parent.resolve().mkdir(parents=True, exist_ok=True)
            Path(str(link.parent.resolve()), link.name).symlink_to((PROJECT_DIR / name).resolve())
        yield copy
    finally:
        shutil.rmtree(top, ignore_errors=True)
