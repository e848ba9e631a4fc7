"""The command ``primum`` from its first moment on: what it is made of takes a second to read, and Ctrl-C ends that, too."""

from __future__ import annotations

import os
import signal
from types import FrameType
from typing import Final

STOPPED: Final = "Stopped."
"""What is said after Ctrl-C."""

INTERRUPTED: Final = 130
"""How a command ends after Ctrl-C: 128 and the number of the signal, as shells count."""


def main() -> None:
    """Run the command line.

    An exception in the midst of an import would print where it was, or be lost in a callback of the import system; nothing has been
    begun by then, so that Ctrl-C ends the process at once. A Ctrl-C that whoever started it ignores stays ignored.
    """
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _stop)
    from fhir_adapters import cli

    if signal.getsignal(signal.SIGINT) is _stop:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    cli.main()


def _stop(_: int, __: FrameType | None) -> None:
    os.write(2, f"{STOPPED}\n".encode())
    os._exit(INTERRUPTED)


if __name__ == "__main__":
    main()
