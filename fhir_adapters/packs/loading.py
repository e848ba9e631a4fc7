"""Loading rules from archives: each verified, all together, and none used by halves."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory

from engine.authoring.folder import Loaded
from engine.authoring.loading import load_rules
from fhir_adapters.packs.archive import ARCHIVE_LIMIT, MANIFEST, Archive, read_archive
from fhir_adapters.packs.contents import ROOT
from fhir_adapters.packs.errors import PackError
from fhir_adapters.packs.signing import Keys, parsed, read_keys


def trusted_keys(file: Path) -> Keys:
    """The keys of a file with a JWK Set.

    Raises:
        PackError: it cannot be read, or holds something else.
    """
    try:
        return read_keys(parsed(_bytes(file), "it"))
    except PackError as error:
        raise PackError(f"{file.name}: {error}") from None


def open_archive(file: Path, keys: Keys) -> Archive:
    """The archive in a file, verified.

    Raises:
        PackError: it cannot be read, or must not be used.
    """
    try:
        return read_archive(_bytes(file), keys)
    except PackError as error:
        raise PackError(f"{file.name} is refused: {error}") from None


def begins_as_archive(file: Path) -> bool:
    """Whether a file begins as every archive does, with the name of its manifest; nothing else of it is looked at."""
    begin = MANIFEST.encode() + b"\0"
    with file.open("rb") as opened:
        return opened.read(len(begin)) == begin


def load_archives(archives: Iterable[Archive], *, local: Path | None = None) -> Loaded:
    """The rules of verified archives together, with a site's own folder; an example that was packed is wanted.

    Raises:
        PackError: two of them differ in a file that both have, or their rules do not hold together with this version.
    """
    files: dict[str, bytes] = {}
    for archive in archives:
        for name, content in archive.files.items():
            if files.setdefault(name, content) != content:
                raise PackError(
                    f"{archive.manifest.pack} and another pack differ in {name}: use packs of one release"
                )
    _refuse_clashes(files)
    try:
        with _unpacked(files) as folder:
            loaded = load_rules(folder / ROOT, local=local, examples=True)
    except OSError as error:
        raise PackError(
            f"there is no place to unpack it ({error.strerror or type(error).__name__})"
        ) from None
    errors = [problem for problem in loaded.problems if problem.severity == "error"]
    if errors:
        first = errors[0]
        raise PackError(
            f"the rules do not hold together: {len(errors)} errors, the first in {first.file}:{first.line}: {first.message}"
        )
    return loaded


def _refuse_clashes(files: Iterable[str]) -> None:
    """Names of which a disk could keep only one: a file that is also a folder, and names that differ only in case.

    Raises:
        PackError: there are two such names.
    """
    seen: dict[str, str] = {}
    for name in sorted(files):
        for place in (*reversed(PurePosixPath(name).parents), PurePosixPath(name)):
            other = seen.setdefault(str(place).lower(), str(place))
            if other != str(place):
                raise PackError(
                    f"{other} and {place} differ only in capital letters, and not every disk tells them apart"
                )
    folders = {str(folder) for name in seen.values() for folder in PurePosixPath(name).parents}
    for name in sorted(folders.intersection(files)):
        raise PackError(f"{name} is a file in it, and a folder as well")


@contextmanager
def _unpacked(files: Mapping[str, bytes]) -> Iterator[Path]:
    """A folder that only this user can read, with the files in it; it is gone afterwards."""
    with TemporaryDirectory(prefix="primum-") as name:
        for inside, content in files.items():
            place = Path(name) / inside
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(content)
        yield Path(name)


def _bytes(file: Path) -> bytes:
    try:
        if file.stat().st_size > ARCHIVE_LIMIT:
            raise PackError(f"it is larger than {ARCHIVE_LIMIT:,} bytes")
        return file.read_bytes()
    except OSError as error:
        raise PackError(f"it cannot be read ({error.strerror or type(error).__name__})") from None
