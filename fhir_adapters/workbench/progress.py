"""Progress: many pieces of work one after another, with how far they are."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import TypeVar

From = TypeVar("From")
To = TypeVar("To")


async def one_by_one(
    what: str, pieces: Sequence[From], work: Callable[[From], To], say: Callable[[str], None]
) -> list[To]:
    """Do the work of each piece in a thread; ``say`` hears of it once a second, because a screen reader reads all that it is told."""
    clock = asyncio.get_running_loop().time
    done: list[To] = []
    said = clock() - 1
    for piece in pieces:
        if clock() - said >= 1:
            said = clock()
            say(f"{what} {len(done) + 1} of {len(pieces)} …")
        done.append(await asyncio.to_thread(work, piece))
    return done
