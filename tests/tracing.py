"""What counts for the coverage of the engine: its own tests and those beside the rules.

What a test of the web page happens to run of the engine is not tested by it, and what a hundred thousand cases run, a few run
too. And while coverage traces, every line of every library asks whether it counts, which makes a test three times as slow.
"""

from __future__ import annotations

import importlib
import pkgutil
import sys
import threading
from collections.abc import Generator
from functools import _lru_cache_wrapper
from pathlib import Path

import pytest

import engine

ROOT = Path(__file__).resolve().parents[1]
COUNTED = (ROOT / "tests" / "engine", ROOT / "rules")


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Collect untraced; modules are imported before, because their first lines run only once."""
    if sys.gettrace() is None:
        return (yield)
    for module in pkgutil.walk_packages(engine.__path__, "engine."):
        importlib.import_module(module.name)
    collected = yield from _untraced()
    _forget()
    return collected


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(
    item: pytest.Item, nextitem: pytest.Item | None
) -> Generator[None, object, object]:
    """Run what does not count untraced, with its fixtures."""
    if sys.gettrace() is None or _counts(item):
        return (yield)
    ran = yield from _untraced()
    if nextitem is not None and _counts(nextitem):
        _forget()
    return ran


def _counts(item: pytest.Item) -> bool:
    among_them = any(item.path.is_relative_to(folder) for folder in COUNTED)
    return among_them and item.get_closest_marker("full") is None


def _forget() -> None:
    """Empty the caches of the engine: what was computed untraced is computed again where it counts."""
    for name, module in list(sys.modules.items()):
        if name.startswith("engine."):
            for member in vars(module).values():
                if isinstance(member, _lru_cache_wrapper):
                    member.cache_clear()


def _untraced() -> Generator[None, object, object]:
    here, in_threads = sys.gettrace(), threading.gettrace()
    sys.settrace(None)
    threading.settrace(None)
    try:
        return (yield)
    finally:
        sys.settrace(here)
        threading.settrace(in_threads)
