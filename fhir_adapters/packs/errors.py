"""What goes wrong with archives of packs and their keys."""

from __future__ import annotations

from engine.errors import CdsError


class PackError(CdsError):
    """An archive or a key cannot be made or must not be used; the message is one sentence for whoever runs the command or service."""
