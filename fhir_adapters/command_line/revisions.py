"""Revisions: the rules as they stood earlier, in a folder or in a revision of the git repository that holds them."""

from __future__ import annotations

import subprocess
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory

from fhir_adapters.command_line.terminal import refuse


@contextmanager
def earlier_rules(base: str, rules: Path) -> Iterator[Path]:
    """The folder that ``base`` names: itself a folder, or a git revision of the folder ``rules``.

    What is neither ends the command.
    """
    if Path(base).is_dir():
        yield Path(base).resolve()
        return
    top = _git(rules, "rev-parse", "--show-toplevel")
    if top is None:
        refuse(f"There is no folder {base}, and {rules} is in no git repository.", 2)
    commit = _git(rules, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{base}^{{commit}}")
    if commit is None:
        refuse(f"{base} is neither a folder nor a revision of the git repository that holds {rules}.", 2)
    inside = rules.relative_to(top.decode().strip()).as_posix()
    archive = _git(Path(top.decode().strip()), "archive", "--format=tar", commit.decode().strip(), inside)
    if archive is None:
        refuse(f"There is no {inside} in {base}.", 2)
    with TemporaryDirectory(prefix="primum-") as folder:
        with tarfile.open(fileobj=BytesIO(archive)) as files:
            files.extractall(folder, filter="data")
        yield Path(folder) / inside


def _git(folder: Path, *arguments: str) -> bytes | None:
    """What git answers; None where it refuses or is not there."""
    try:
        done = subprocess.run(["git", "-C", str(folder), *arguments], capture_output=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    return done.stdout
