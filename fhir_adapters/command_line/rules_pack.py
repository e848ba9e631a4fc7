"""``primum rules pack``, ``verify`` and ``key``: a pack as a signed archive, what is in one, and the keys for it."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import msgspec
import typer

from engine.authoring.loading import load_rules
from engine.authoring.lock import locked_now, read_lock
from engine.authoring.writing import write_whole
from fhir_adapters.command_line.options import (
    FormatOption,
    RulesOption,
    broken,
    command,
    rules_folder,
    with_examples,
)
from fhir_adapters.command_line.terminal import Format, answers, counted, refuse, words, write_json
from fhir_adapters.packs.archive import Manifest, read_archive, write_archive
from fhir_adapters.packs.errors import PackError
from fhir_adapters.packs.loading import begins_as_archive, load_archives, open_archive, trusted_keys
from fhir_adapters.packs.signing import new_key, parsed, public_keys, read_keys


def pack(
    name: Annotated[str, typer.Argument(metavar="PACK", help="Id of the pack.")],
    key: Annotated[
        Path,
        typer.Option(help="Private key that signs, from  primum rules key.", exists=True, dir_okay=False),
    ],
    output: Annotated[Path, typer.Option("--output", "-o", help="Where the archive goes.", dir_okay=False)],
    rules: RulesOption = None,
    format: FormatOption = Format.PRETTY,
) -> None:
    """Write a pack with all that it needs into one signed archive: the same bytes for the same rules and key.

    Its rules must hold together and be locked. What a site keeps in `local` is left out. A file that is there already is
    written over only if it is an archive.
    """
    if output.exists() and not begins_as_archive(output):
        refuse(f"{output} is there already and is no archive of a pack: it is not written over.", 2)
    folder = rules_folder(rules)
    with TemporaryDirectory(prefix="primum-") as nothing:
        loaded = load_rules(folder, local=Path(nothing), examples=with_examples())
    if loaded.broken:
        refuse(broken(rules))
    if name not in loaded.folders:
        refuse(f"There is no pack {name}; there is {', '.join(loaded.folders)}.", 2)
    if read_lock(loaded, name) != locked_now(loaded, name):
        refuse(f"Its rules.lock is absent or not up to date: run  {command('rules lock', rules)}  first.")
    try:
        private = parsed(_private(key), key.name)
        data = write_archive(loaded, name, private)
        archive = read_archive(data, read_keys(public_keys(private)))
        load_archives([archive])
    except PackError as error:
        refuse(f"The pack cannot be written: {error}.")
    write_whole({output: data})
    _tell(archive.manifest, archive.key, str(output), format)


def verify(
    file: Annotated[Path, typer.Argument(help="The archive.", exists=True, dir_okay=False)],
    keys: Annotated[
        Path, typer.Option(help="JWK Set of the keys that are trusted.", exists=True, dir_okay=False)
    ],
    format: FormatOption = Format.PRETTY,
) -> None:
    """See whether an archive was signed by a trusted key, is whole and unchanged, and loads; and say what is in it.

    Ends with 1 when it must not be used.
    """
    try:
        archive = open_archive(file, trusted_keys(keys))
        load_archives([archive])
    except PackError as error:
        if format is Format.JSON:
            write_json({"file": str(file), "verified": False, "reason": str(error)})
        refuse(f"{error}.")
    _tell(archive.manifest, archive.key, str(file), format)


def key(
    private: Annotated[
        Path, typer.Option(help="Where the private key goes; keep it to yourself.", dir_okay=False)
    ],
    public: Annotated[
        Path,
        typer.Option(
            help="Where the JWK Set with the public key goes, for those who verify.", dir_okay=False
        ),
    ],
    format: FormatOption = Format.PRETTY,
) -> None:
    """Make a key that signs packs (Ed25519): the private one for yourself, the public one for those who verify.

    Files that are there already are not written over.
    """
    made = new_key()
    for path in (private, public):
        if path.exists():
            refuse(f"{path} is there already, and is not written over.", 2)
    for path, value, mode in ((private, made, 0o600), (public, public_keys(made), 0o644)):
        try:
            with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
                file.write(msgspec.json.format(msgspec.json.encode(value)) + b"\n")
        except OSError as error:
            refuse(f"{path} cannot be written ({error.strerror}).")
    if format is Format.JSON:
        write_json({"kid": made["kid"], "private": str(private), "public": str(public)})
    else:
        answers.print(words(f"Key {made['kid']}: {private} signs, {public} verifies."), soft_wrap=True)


def _private(file: Path) -> bytes:
    if file.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise PackError(f"others may read {file.name}: run  chmod 600 {file.name}  and sign again")
    return file.read_bytes()


def _tell(manifest: Manifest, signer: str, file: str, format: Format) -> None:
    if format is Format.JSON:
        about = {
            "file": file,
            "verified": True,
            "pack": manifest.pack,
            "version": manifest.version,
            "key": signer,
        }
        write_json(
            {
                **about,
                "label_version": manifest.label_version,
                "rules": manifest.rules,
                "files": sorted(manifest.files),
            }
        )
        return
    what = f"{counted(len(manifest.rules), 'rule')} in {counted(len(manifest.files), 'file')}"
    answers.print(
        words(f"{file}: {manifest.pack} {manifest.version}, {what}, signed by {signer}."), soft_wrap=True
    )
