"""Writing: files that authors answer for, wholly or not at all. A full disk, a quota or Ctrl-C leaves the old ones as they were."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from secrets import token_hex


def write_whole(contents: Mapping[Path, str | bytes]) -> None:
    """Write files, text as UTF-8 with the ends of lines as given: first all beside their places, then each put in its place.

    Whoever reads meanwhile finds the old file or the new one. A link stays, and what it leads to is written.

    Raises:
        OSError: one of them cannot be written; it names that file, and none was written.
    """
    beside: dict[Path, Path] = {}
    try:
        for path, content in contents.items():
            place = path.resolve()
            beside[place] = place.with_name(f".{place.name}.{token_hex(4)}")
            try:
                _write_beside(place, beside[place], content)
            except OSError as error:
                error.filename = str(path)
                raise
        for place, new in beside.items():
            new.replace(place)
    finally:
        for new in beside.values():
            new.unlink(missing_ok=True)


def _write_beside(place: Path, new: Path, content: str | bytes) -> None:
    if place.exists() and not os.access(place, os.W_OK):
        raise PermissionError(None, "it is read-only")
    new.write_bytes(content.encode("utf-8") if isinstance(content, str) else content)
    if place.exists():
        shutil.copymode(place, new)
