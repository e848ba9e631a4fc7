"""Revisions: the rules as they stood earlier, in a folder, a signed archive, or a revision of the git repository that holds them."""

from __future__ import annotations

import subprocess
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory

from engine.authoring.folder import Loaded
from engine.authoring.loading import load_rules
from fhir_adapters.command_line.options import with_examples
from fhir_adapters.command_line.terminal import refuse
from fhir_adapters.packs.errors import PackError
from fhir_adapters.packs.loading import load_archives, open_archive, trusted_keys


def earlier_rules(base: str, rules: Path, keys: Path | None) -> Loaded:
    """The rules that ``base`` names, as they ship: of a folder, of a signed archive, or of a git revision of the folder ``rules``.

    What is none of them ends the command, and so does an archive that none of the ``keys`` has signed.
    """
    if Path(base).is_file():
        return _of_archive(Path(base), keys)
    with TemporaryDirectory(prefix="primum-") as nothing, _folder(base, rules) as folder:
        return load_rules(folder, local=Path(nothing), examples=with_examples())


def _of_archive(file: Path, keys: Path | None) -> Loaded:
    if keys is None:
        refuse(f"{file} is a file: name the keys that may have signed it with --keys.", 2)
    try:
        return load_archives([open_archive(file, trusted_keys(keys))])
    except PackError as error:
        refuse(f"{error}.")


@contextmanager
def _folder(base: str, rules: Path) -> Iterator[Path]:
    if Path(base).is_dir():
        yield Path(base).resolve()
        return
    top = _git(rules, "rev-parse", "--show-toplevel")
    if top is None:
        refuse(f"There is no folder {base}, and {rules} is in no git repository.", 2)
    commit = _git(rules, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{base}^{{commit}}")
    if commit is None:
        refuse(
            f"{base} is neither a folder or archive nor a revision of the git repository that holds {rules}.",
            2,
        )
    inside = rules.relative_to(top.decode().strip()).as_posix()
    archive = _git(Path(top.decode().strip()), "archive", "--format=tar", commit.decode().strip(), inside)
    if archive is None:
        refuse(f"There is no {inside} in {base}.", 2)
    with TemporaryDirectory(prefix="primum-") as folder:
        with tarfile.open(fileobj=BytesIO(archive)) as files:
            try:
                files.extractall(folder, filter="data")
            except tarfile.FilterError:
                refuse(f"The rules of {base} hold a link that leads out of them, and cannot be compared.", 2)
        yield Path(folder) / inside


def _git(folder: Path, *arguments: str) -> bytes | None:
    """What git answers; None where it refuses or is not there."""
    try:
        done = subprocess.run(["git", "-C", str(folder), *arguments], capture_output=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    return done.stdout
