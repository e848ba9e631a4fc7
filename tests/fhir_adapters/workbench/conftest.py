"""A desk on a copy of the small rules, with the rule on kidney function open."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from engine.authoring.loading import load_rules
from fhir_adapters.workbench.desk import Desk
from fhir_adapters.workbench.shelf import Shelf

MINI = Path(__file__).resolve().parents[2] / "fixtures" / "rules-mini"
RULE = "rules/baclofen-it/warnings/renal-impairment.yaml"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    shutil.copytree(MINI, tmp_path / "rules")
    return tmp_path / "rules"


@pytest.fixture
def shelf(folder: Path) -> Shelf:
    return Shelf(load_rules(folder), lambda: load_rules(folder))


@pytest.fixture
def desk(shelf: Shelf) -> Desk:
    return Desk(shelf, RULE)
