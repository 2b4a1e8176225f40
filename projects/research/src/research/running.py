"""Run a study without anybody looking: its notebook with its experiment, a record and a page of what it found."""

from __future__ import annotations

import importlib.util
import time
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import marimo

from research.page import draw, page
from research.record import Record, make_record, write_record
from research.study import Study
from shared.errors import InputError
from shared.utils.clock import utc_now
from shared.utils.files import write_whole

PAGE = "page.html"


def run_study(study: Study) -> tuple[Record, Path]:
    """Run a study's notebook, and return its record and the folder that holds it.

    A run that fails leaves its record too.

    Raises:
        InputError: There is no notebook, or it does not use the study it is given.
    """
    notebook = study.places.notebooks / f"{study.name}.py"
    if not notebook.is_file():
        raise InputError(
            f"the study has no notebook: `{notebook}`",
            hint=f"write it, or remove `{study.name}.yaml` from the experiments",
        )
    now = utc_now()
    run = f"{now:%Y%m%dT%H%M%S}-{uuid.uuid4().hex[:6]}"
    folder = study.places.outputs / study.name / run
    folder.mkdir(parents=True)
    begun = time.monotonic()
    blocks: list[str] = []
    failure: BaseException | None = None
    try:
        blocks = draw(run_notebook(notebook, study))
    except BaseException as error:
        failure = error
        raise
    finally:
        record = make_record(
            study,
            run=run,
            started_at=now.isoformat(timespec="seconds") + "Z",
            seconds=time.monotonic() - begun,
            notebook=notebook,
            error=failure,
        )
        write_record(record, folder)
    write_whole(folder / PAGE, page(record, blocks, notebook.read_text(encoding="utf-8")))
    return record, folder


def run_notebook(notebook: Path, study: Study) -> Sequence[Any]:
    """Run a notebook's cells, the one that opens the study left out, and return what they showed."""
    app = load_app(notebook)
    outputs, definitions = app.run(defs={"study": study})
    if definitions.get("study") is not study or not study.snapshots:
        raise InputError(
            f"the notebook does not read the warehouse through its study: `{notebook}`",
            hint="let one cell define `study` and nothing else, and others use `study.read`; "
            "`./pixiw run new-notebook NAME` shows how",
        )
    return outputs


def load_app(notebook: Path) -> marimo.App:
    """Import a notebook and return its app."""
    specification = importlib.util.spec_from_file_location(f"notebooks.{notebook.stem}", notebook)
    assert specification is not None and specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    app = getattr(module, "app", None)
    if not isinstance(app, marimo.App):
        raise InputError(f"not a marimo notebook: `{notebook}`", hint="it defines `app = marimo.App()`")
    return app
