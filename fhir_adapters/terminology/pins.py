"""Pins: expansions as files, which the rules folder of a site keeps and the loader reads with the rules."""

from __future__ import annotations

from pathlib import Path

from engine.authoring.expansions import ExpansionFile
from engine.authoring.writing import write_whole
from engine.expansions import Expansion


def pin(folder: Path, concept: str, expansion: Expansion) -> Path:
    """Write an expansion into a folder, in place of the one from before; whoever reads meanwhile gets one of them whole.

    Raises:
        OSError: it cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{concept}.json"
    write_whole({file: ExpansionFile.of(concept, expansion).model_dump_json(indent=1) + "\n"})
    return file
