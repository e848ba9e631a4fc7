"""The documentation is whole: its indexes list every page, links lead somewhere, and every noun, command and setting has its place.

The pages of nouns, commands and settings are made when the documentation is built; here they are made and looked at.
"""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from docs import pages
from engine.authoring.schema import schema_of
from engine.language import GROUPS, NOUNS
from fhir_adapters.cli import app
from fhir_adapters.settings import Settings

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
PAGES = [*sorted(DOCS.glob("*.md")), ROOT / "rules/README.md", ROOT / "rules/concepts/README.md"]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_within_the_project_lead_somewhere(page: Path) -> None:
    targets = re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8"))
    assert [target for target in targets if "://" not in target and not (page.parent / target).exists()] == []


def test_the_index_lists_every_page() -> None:
    listed = set(re.findall(r"\]\(([\w.-]+)\)", (DOCS / "README.md").read_text(encoding="utf-8")))
    assert listed == {page.name for page in DOCS.iterdir() if page.is_file()} - {
        "README.md",
        "conf.py",
        "pages.py",
        "index.md",
    }


@pytest.fixture(scope="module")
def made() -> dict[str, str]:
    return dict(pages.pages())


def test_the_site_lists_every_page() -> None:
    listed = set(re.findall(r"^([\w./-]+)$", (DOCS / "index.md").read_text(encoding="utf-8"), re.MULTILINE))
    written = {page.stem for page in DOCS.glob("*.md")} - {"README", "index"}
    assert written <= listed
    assert {"reference/conditions/index", "reference/commands/index", "reference/checks"} <= listed


def test_every_noun_has_a_page_with_an_example_its_sentence_and_each_option(made: dict[str, str]) -> None:
    for noun, model in NOUNS.items():
        page = made[f"conditions/{noun}.md"]
        assert page.startswith(f"# `{noun}`\n")
        assert re.search(rf"```yaml\n\{{?{noun}: ", page)
        assert noun == "finding" or "It reads: *" in page
        for option in schema_of(model)["properties"]:
            assert f"| `{option}` |" in page, (noun, option)
    assert all(f"## `{group}`" in made["conditions/groups.md"] for group in GROUPS)


def shown_commands(*group: str) -> list[str]:
    """The commands that ``--help`` names, with the words before them."""
    runner = CliRunner(env={"COLUMNS": "100", "TERM": "dumb", "NO_COLOR": "1"})
    listed = runner.invoke(app, [*group, "--help"]).stdout.partition("Commands")[2]
    names = re.findall(r"^\W {1,3}([a-z][a-z-]*)  ", listed, re.MULTILINE)
    assert names, group
    return [" ".join((*group, name)) for name in names]


def test_every_command_has_a_page_with_an_example_and_each_option(made: dict[str, str]) -> None:
    names = {
        command
        for name in shown_commands()
        for command in (shown_commands(name) if name in ("rules", "concepts", "store") else [name])
    }
    found = dict(pages.commands())
    assert names == set(found)
    for name, command in found.items():
        page = made[f"commands/{name.replace(' ', '-')}.md"]
        assert page.startswith(f"# `primum {name}`\n")
        assert re.search(rf"```sh\n(?:[A-Z]+=\S+ )*primum (?:--examples )?{name}\b", page), name
        for parameter in command.params:
            assert parameter.help, (name, parameter.name)
            assert parameter.help[:20] in page


def test_every_setting_has_a_heading_and_its_words(made: dict[str, str]) -> None:
    for name, field in Settings.model_fields.items():
        assert f"## `PRIMUM_{name.upper()}`\n\n{field.description}" in made["settings.md"]


def test_the_recording_has_the_files_of_the_guide_and_three_mistakes() -> None:
    shown = (DOCS / "recordings/new-rule.txt").read_text(encoding="utf-8")
    for said in (
        "error  unit-missing",
        "error  unknown-concept",
        "outcome: expected met, got not met",
        "8 tests of 1 rule: 8 passed, 0 failed.",
        "3 conditions: 3 covered.",
        "26 mutants: 26 killed, 0 survived.",
    ):
        assert said in shown
    mistakes = {"    - vital: vital-systolic", "      below: parameter systolic-low"}
    files = re.findall(
        r"^`baclofen-[\w/.-]+`:\n\n```yaml\n(.*?)^```$", pages.GUIDE.read_text(encoding="utf-8"), re.M | re.S
    )
    assert [
        line for file in files for line in file.splitlines() if line not in shown and line not in mistakes
    ] == []


def test_in_the_recording_each_command_stands_behind_one_prompt() -> None:
    shown = (DOCS / "recordings/new-rule.txt").read_text(encoding="utf-8")
    assert re.findall(r"^(?:\$ ){2,}.*|^(?:export|cat|sed|primum) .*", shown, re.M) == []
    assert len(re.findall(r"^\$ (?:# |export |cat |sed |primum )", shown, re.M)) >= 15


@pytest.mark.full
def test_the_site_builds_without_a_warning(tmp_path: Path) -> None:
    words = ["-m", "sphinx", "--quiet", "--fail-on-warning", "--builder", "html", "--conf-dir", "docs", "."]
    built = subprocess.run(
        [sys.executable, *words, str(tmp_path)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert built.returncode == 0, built.stderr
    for page in (
        "index",
        "docs/index",
        "rules/README",
        "docs/reference/conditions/lab",
        "docs/reference/settings",
    ):
        assert (tmp_path / f"{page}.html").is_file()
    page = (tmp_path / "docs/index.html").read_text(encoding="utf-8")
    fetched = re.sub(r'(href|xmlns)="[^"]*"', "", page)
    assert "http://" not in fetched, "a page fetches nothing from elsewhere"
