"""Make a study that runs at once: a notebook and its experiment."""

from __future__ import annotations

import json
import keyword
import re
from importlib.resources import files
from pathlib import Path

import marimo
from jinja2 import Environment, StrictUndefined

from research.settings import Places
from shared.errors import UserError
from shared.utils.private import as_caller_has_it

NAME = re.compile(r"[a-z][a-z0-9_]{1,49}")


@as_caller_has_it()
def new_notebook(places: Places, name: str) -> Path:
    """Make a study and return its notebook; on failure nothing of it is left.

    Raises:
        UserError: No study can have this name, or one has it.
    """
    if not NAME.fullmatch(name) or keyword.iskeyword(name):
        raise UserError(
            f"no study can be called so: `{name}`",
            hint="lower case letters, digits and `_`, a letter first, 2 to 50 of them: `basket_size`",
        )
    notebook, experiment = places.notebooks / f"{name}.py", places.experiments / f"{name}.yaml"
    for path in (notebook, experiment):
        if path.exists():
            raise UserError(f"there is a study of this name: `{path}`", hint="choose another name")
    title = json.dumps(f"{name.replace('_', ' ').capitalize()}")
    places.notebooks.mkdir(parents=True, exist_ok=True)
    places.experiments.mkdir(parents=True, exist_ok=True)
    write_new(notebook, render("notebook.py.jinja", name=name, marimo_version=marimo.__version__))
    try:
        write_new(experiment, render("experiment.yaml.jinja", title=title))
    except BaseException:
        notebook.unlink()
        raise
    return notebook


def render(template: str, **values: str) -> str:
    """Return a template of this package with values filled in."""
    environment = Environment(undefined=StrictUndefined, keep_trailing_newline=True)
    return environment.from_string(files("research").joinpath(template).read_text(encoding="utf-8")).render(values)


def write_new(path: Path, text: str) -> None:
    """Write a file that is not there yet."""
    with path.open("x", encoding="utf-8") as file:
        file.write(text)
