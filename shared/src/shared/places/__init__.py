"""Places that files are delivered to, on this disk or behind a server: what is there, and how to have it at hand."""

from shared.places.files import FileMark, LocalFile, at_hand, copy_files
from shared.places.local import files_of_folder, folder_below
from shared.places.names import require_package, scheme_of
from shared.places.remote import RemotePlace

__all__ = [
    "FileMark",
    "LocalFile",
    "RemotePlace",
    "at_hand",
    "copy_files",
    "files_of_folder",
    "folder_below",
    "require_package",
    "scheme_of",
]
