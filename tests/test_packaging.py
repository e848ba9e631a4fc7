"""What is installed: a wheel that carries the rules, from packages pinned by hash."""

import re
import subprocess
import sys
from importlib.metadata import distributions
from pathlib import Path
from zipfile import ZipFile

import pytest

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def wheel_members(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    [wheel] = folder.glob("primum-*.whl")
    return set(ZipFile(wheel).namelist())


def test_the_wheel_carries_every_rule_file_beside_the_engine(wheel_members: set[str]) -> None:
    rule_files = {path.relative_to(ROOT).as_posix() for path in ROOT.glob("rules/**/*.yaml")}
    assert rule_files <= wheel_members
    assert "engine/__init__.py" in wheel_members


def test_the_wheel_carries_the_migrations_of_the_store(wheel_members: set[str]) -> None:
    migrations = {
        path.relative_to(ROOT).as_posix() for path in ROOT.glob("fhir_adapters/store/migrations/**/*.py")
    }
    assert len(migrations) > 3
    assert migrations <= wheel_members


def test_the_wheel_carries_the_page_of_every_check(wheel_members: set[str]) -> None:
    pages = {f"engine/authoring/check_pages/{path.name}" for path in ROOT.glob("docs/checks/*.md")}
    assert len(pages) > 3
    assert pages <= wheel_members


def test_the_wheel_carries_the_style_and_the_script_of_the_workbench(wheel_members: set[str]) -> None:
    assert {f"fhir_adapters/workbench/workbench.{kind}" for kind in ("css", "js")} <= wheel_members


def test_the_wheel_carries_types_licence_and_notices(wheel_members: set[str]) -> None:
    assert {"engine/py.typed", "fhir_adapters/py.typed"} <= wheel_members
    licences = {name.rpartition("/")[2] for name in wheel_members if "/licenses/" in name}
    assert licences == {"LICENSE", "NOTICE"}


def test_the_wheel_carries_no_tests(wheel_members: set[str]) -> None:
    assert {name.partition("/")[0] for name in wheel_members if not name.startswith("primum-")} <= {
        "engine",
        "fhir_adapters",
        "rules",
    }


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt"])
def test_every_requirement_is_one_release_with_its_hashes(name: str) -> None:
    lines = re.sub(r"\\\n|^\s*#.*\n", "", (ROOT / name).read_text(encoding="utf-8"), flags=re.MULTILINE)
    requirement = re.compile(
        r"[a-z0-9.-]+(\[[a-z0-9,-]+\])?==[^ ;]+( ; [^-]+?)?( +--hash=sha256:[0-9a-f]{64})+ *"
    )
    assert [line for line in lines.splitlines() if not requirement.fullmatch(line)] == []


def test_what_is_asked_for_with_an_extra_is_pinned_with_it() -> None:
    """pip before 23.3 looks for the newest release of it otherwise, and then misses that one's hash."""
    text = (ROOT / "requirements-dev.txt").read_text(encoding="utf-8")
    wanted = {each for found in distributions() for each in found.requires or () if "extra ==" not in each}
    asked = {name[0].lower() for each in wanted if (name := re.match(r"[\w.-]+\[[^]]+\]", each))}
    pinned = set(re.findall(r"^([a-z0-9.-]+\[.+\])==", text, re.MULTILINE))
    assert asked <= pinned


def test_a_server_runs_the_releases_that_were_tested() -> None:
    def pins(name: str) -> set[str]:
        text = (ROOT / name).read_text(encoding="utf-8")
        found = re.findall(r"^([a-z0-9.-]+)(?:\[.+\])?(==[^ ]+)", text, re.MULTILINE)
        return {name + release for name, release in found}

    assert pins("requirements.txt") <= pins("requirements-dev.txt")
