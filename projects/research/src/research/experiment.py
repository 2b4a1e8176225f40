"""What a study is run with: the file `experiments/<study>.yaml`, and what a call sets otherwise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from research.settings import Places
from shared.errors import ConfigurationError, UserError
from shared.utils.names import suggestion
from shared.utils.yaml_file import read_yaml


class Parameters(dict[str, Any]):
    """Parameters by name; asking for one that the file does not have is the file's mistake."""

    def __missing__(self, name: str) -> Any:
        raise ConfigurationError(
            f"the experiment has no parameter: `{name}`",
            hint=f"add it to the experiment's YAML file; {suggestion(name, self)}",
        )


@dataclass(frozen=True)
class Experiment:
    """A study's parameters.

    Attributes:
        name: The study's name, which its notebook has too.
        title: What it asks, in a few words.
    """

    name: str
    title: str
    parameters: Parameters


def study_names(places: Places) -> list[str]:
    """Return the names of the studies that there are, sorted."""
    return sorted(path.stem for path in places.experiments.glob("*.yaml"))


def read_experiment(places: Places, name: str, changes: Sequence[str] = ()) -> Experiment:
    """Read a study's experiment.

    Args:
        places: Where it is.
        name: The study's name.
        changes: `parameter=value`, the value as YAML writes it, in place of what the file says.

    Raises:
        ConfigurationError: The file is no experiment.
        UserError: There is no such study, or a change fits no parameter.
    """
    if name not in study_names(places):
        raise UserError(f"no such study: `{name}`", hint=suggestion(name, study_names(places)))
    path = places.experiments / f"{name}.yaml"
    content = read_yaml(path)
    if not isinstance(content, dict) or set(content) != {"title", "parameters"}:
        raise ConfigurationError(f"no experiment: `{path}`", hint="it has `title` and `parameters`, and nothing else")
    title, parameters = content["title"], content["parameters"]
    if not isinstance(title, str) or not isinstance(parameters, dict):
        raise ConfigurationError(
            f"no experiment: `{path}`", hint="`title` is a text, `parameters` are names and values"
        )
    return Experiment(name, title, changed(Parameters(parameters), changes, path))


def changed(parameters: Parameters, changes: Sequence[str], path: Path) -> Parameters:
    """Return the parameters with changes, each of the kind that it was."""
    result = Parameters(parameters)
    for change in changes:
        name, given, text = change.partition("=")
        if not given or name not in parameters:
            raise UserError(f"no parameter of the study: `{name}`", hint=suggestion(name, parameters))
        value = value_of(text, change)
        before = parameters[name]
        if isinstance(before, float) and type(value) is int:
            value = float(value)
        if type(value) is not type(before):
            raise UserError(
                f"not a value for `{name}`: `{text}`",
                hint=f"give a value like the one in `{path.name}`: `{yaml.safe_dump(before).split(chr(10))[0]}`",
            )
        result[name] = value
    return result


def value_of(text: str, change: str) -> Any:
    """Return what a text means in YAML."""
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise UserError(f"not readable as a value: `{change}`", hint="write it as in YAML: `weeks=[4, 8]`") from error
