"""Places: the files of a rules folder on disk, and what lies there that cannot be read.

Nothing in the folder is passed over without a word: a rule that is not loaded is a card that nobody sees.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Collection, Iterator
from pathlib import Path as FilePath

from engine.authoring.documents import Document
from engine.authoring.problems import Problem

_MOVE = "put what is to be read into the folder itself"


def files_in(
    folder: FilePath, name: str, left_out: Collection[str]
) -> tuple[dict[str, FilePath], list[Problem]]:
    """The files of a folder by name, and a problem for whatever there is no file that can be read; names begin with ``name``.

    Hidden files, and the parts of the folder to leave out, are not among them.
    """
    found: dict[str, FilePath] = {}
    problems: list[Problem] = []
    for path, fault in _below(folder, left_out):
        inside = "/".join((name, *path.relative_to(folder).parts))
        if fault is None:
            found[inside] = path
        else:
            readable = inside.encode(errors="surrogateescape").decode(errors="replace")
            problems.append(Document(readable, "").problem("file-unreadable", *fault))
    return found, problems


def _below(
    folder: FilePath, left_out: Collection[str] = ()
) -> Iterator[tuple[FilePath, tuple[str, str] | None]]:
    """Every file below a folder, and what cannot be read there, with why and the mend."""
    try:
        with os.scandir(folder) as entries:
            names = sorted(entry.name for entry in entries)
    except FileNotFoundError:
        yield folder, ("there is no such folder", "see that its name is right")
        return
    except OSError as error:
        yield folder, (f"the folder cannot be read ({type(error).__name__})", "see who may read it")
        return
    for name in names:
        if name not in left_out and not name.startswith("."):
            yield from _at(folder / name)


def _at(path: FilePath) -> Iterator[tuple[FilePath, tuple[str, str] | None]]:
    try:
        kind = path.stat().st_mode
    except OSError as error:
        what = (
            "this link leads nowhere"
            if os.path.islink(path)
            else f"it cannot be read ({type(error).__name__})"
        )
        yield path, (what, "mend or delete it")
        return
    if not _is_text(path.name):
        yield path, ("the name is not UTF-8", "rename it")
    elif stat.S_ISREG(kind):
        yield path, None
    elif not stat.S_ISDIR(kind):
        yield path, ("this is neither a file nor a folder", "delete it")
    elif os.path.islink(path):
        yield path, ("links to folders are not followed", _MOVE)
    elif path.suffix == ".yaml":
        yield path, ("this is a folder, and has the name of a file", "rename it, or delete it")
    else:
        yield from _below(path)


def _is_text(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True
