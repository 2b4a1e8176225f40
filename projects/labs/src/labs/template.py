"""The template of labs, filled by copier, and how a lab that was made from an older one takes up what has changed."""

from __future__ import annotations

import subprocess
import tarfile
import tempfile
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

from shared.config.labs import Lab
from shared.errors import ConfigurationError, UserError
from shared.utils.console import say
from shared.utils.private import as_caller_has_it
from shared.utils.yaml_file import read_yaml

TEMPLATE = "template"
ANSWERS = ".lab-answers.yml"
GIT_SECONDS = 60.0


def render(template: Path, target: Path, answers: dict[str, Any]) -> None:
    """Fill the template into a folder."""
    # Takes a moment to import, and nothing else needs it.
    from copier import run_copy

    if not (template / "copier.yml").is_file():
        raise ConfigurationError(f"no template for labs: `{template}`", hint="take it back from version control")
    run_copy(str(template), target, data=answers, defaults=True, quiet=True, overwrite=True)


def version_of(template: Path) -> str:
    """Return the hash under which git has the template as it was last committed; empty outside git."""
    done = git(template, "rev-parse", "HEAD:./")
    return done.stdout.decode().strip() if done.returncode == 0 else ""


def git(folder: Path, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    """Run git in a folder."""
    return subprocess.run(["git", "-C", str(folder), *arguments], capture_output=True, check=False, timeout=GIT_SECONDS)


def update_lab(lab: Lab, template: Path) -> int:
    """Bring what has changed in the template since the lab was made into the lab, beside what its owner has changed.

    Where both have changed the same lines, the file gets git's conflict marks.

    Returns:
        How many files have such marks.

    Raises:
        UserError: The lab was not made from the template, or git no longer has the template it was made from.
    """
    if not (lab.folder / ANSWERS).is_file():
        raise UserError(
            f"not made from the template: `{lab.name}`", hint="compare it with projects/labs/template by hand"
        )
    answers = read_yaml(lab.folder / ANSWERS)
    made_from, now = str(answers["template_version"]), version_of(template)
    if made_from and made_from == now:
        say(f"lab `{lab.name}` is up to date with the template")
        return 0
    with tempfile.TemporaryDirectory(prefix="lab-update-") as folder:
        base, new = Path(folder) / "base", Path(folder) / "new"
        restore(template, made_from, Path(folder) / "old-template")
        render(Path(folder) / "old-template", base, answers)
        render(template, new, {**answers, "template_version": now})
        conflicts = [path for path in changed(base, new) if not take_up(path, base, new, lab.folder)]
    for path in conflicts:
        say(f"  ✗ {path}: changed here and in the template; look for the marks <<<<<<<")
    say(f"lab `{lab.name}` is up to date with the template, {len(conflicts)} files with conflicts")
    return len(conflicts)


def restore(template: Path, version: str, target: Path) -> None:
    """Write an earlier version of the template into a folder."""
    # From the repository's root: below it git would look for this very folder in the tree.
    root = git(template, "rev-parse", "--show-toplevel").stdout.decode().strip() or "."
    archive = git(Path(root), "archive", "--format=tar", version) if version else None
    if archive is None or archive.returncode:
        raise UserError(
            f"git does not have the template that the lab was made from: `{version or 'never committed'}`",
            hint="fetch the whole history (`git fetch --unshallow`), or compare the lab with the template by hand",
        )
    with tarfile.open(fileobj=BytesIO(archive.stdout)) as files:
        files.extractall(target, filter="data")


def changed(base: Path, new: Path) -> Iterator[Path]:
    """Return the files, relative to the lab, that the template makes otherwise than before."""
    names = {path.relative_to(root) for root in (base, new) for path in root.rglob("*") if path.is_file()}
    for name in sorted(names):
        if not (new / name).exists():
            say(f"  {name}: no longer in the template, left as it is")
        elif not (base / name).exists() or (base / name).read_bytes() != (new / name).read_bytes():
            yield name


@as_caller_has_it()
def take_up(name: Path, base: Path, new: Path, lab: Path) -> bool:
    """Bring one file's change into the lab, and tell whether that went without a conflict."""
    ours = lab / name
    if not (base / name).exists():
        if ours.exists():
            say(f"  {name}: new in the template, but there already: left as it is")
        else:
            ours.parent.mkdir(parents=True, exist_ok=True)
            ours.write_bytes((new / name).read_bytes())
        return True
    if not ours.exists():
        say(f"  {name}: deleted here, stays so")
        return True
    labels = ["-L", "this lab", "-L", "the template before", "-L", "the template now"]
    done = git(lab, "merge-file", *labels, str(ours), str(base / name), str(new / name))
    return done.returncode == 0
