"""Reading tables from files: how a file is written, its rows as texts, and their values exactly or not at all."""

from shared.tables.conventions import PLAIN, Convention
from shared.tables.conversion import Column
from shared.tables.declared import Declared
from shared.tables.form import Form, look, look_and_hash
from shared.tables.inference import Inferred, InferredColumn, infer
from shared.tables.reading import Staged, Typed, staged, typed
from shared.tables.scratch import Scratch
from shared.tables.source import Engine

__all__ = [
    "PLAIN",
    "Column",
    "Convention",
    "Declared",
    "Engine",
    "Form",
    "Inferred",
    "InferredColumn",
    "Scratch",
    "Staged",
    "Typed",
    "infer",
    "look",
    "look_and_hash",
    "staged",
    "typed",
]
