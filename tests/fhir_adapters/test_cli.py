"""The command ``primum``: every command explains itself, and a defect shows no record."""

import shutil
from importlib.metadata import version
from pathlib import Path

import pytest
from typer.main import get_command
from typer.testing import CliRunner

from fhir_adapters import cli


def commands() -> list[list[str]]:
    """The words that call each command."""
    found = []
    for name, command in get_command(cli.app).commands.items():  # type: ignore[attr-defined]
        inner = getattr(command, "commands", None)
        found += [[name, below] for below in inner] if inner else [[name]]
    return found


@pytest.mark.parametrize("command", commands(), ids=" ".join)
def test_every_command_has_help_with_an_example(command: list[str]) -> None:
    shown = CliRunner(env={"COLUMNS": "160", "TERM": "dumb"}).invoke(cli.app, [*command, "--help"])
    assert shown.exit_code == 0
    assert "Example: " in shown.stdout
    assert " ".join(["primum", *command]) in shown.stdout


def test_the_command_itself_has_help_and_tells_its_version() -> None:
    run = CliRunner(env={"COLUMNS": "160", "TERM": "dumb"}).invoke
    told = run(cli.app, ["--version"])
    assert (told.exit_code, told.stdout) == (0, f"primum {version('primum')}\n")
    shown = run(cli.app, ["--help"]).stdout
    assert "Example: primum check" in shown
    assert "say what could not be checked" in shown


def test_a_defect_is_named_without_its_message(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken() -> None:
        raise KeyError("the child is called Ada")

    monkeypatch.setattr(cli, "app", broken)
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == 70
    assert "a defect of Primum: KeyError at test_cli.py:" in capsys.readouterr().err.replace("\n", " ")


def test_a_place_that_cannot_be_written_is_named_and_no_defect(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "schema").write_text("a file, where a folder is to be made", encoding="utf-8")
    monkeypatch.setattr("sys.argv", ["primum", "rules", "schema", "--rules", str(tmp_path)])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == 1
    assert f"{tmp_path / 'schema'} cannot be used: File exists." in capsys.readouterr().err


def test_schemas_are_not_written_beside_rules_that_are_not_there(tmp_path: Path) -> None:
    told = CliRunner().invoke(cli.app, ["rules", "schema", "--rules", str(tmp_path / "none")])
    assert told.exit_code == 2
    assert not (tmp_path / "none").exists()


def test_a_rule_whose_file_is_broken_is_not_taken_for_another_with_a_name_like_it(tmp_path: Path) -> None:
    mini = Path(__file__).resolve().parents[1] / "fixtures" / "rules-mini"
    rules = Path(shutil.copytree(mini, tmp_path / "rules"))
    (rules / "baclofen-it" / "monitoring" / "epilepsy.yaml").write_text("id: [\n", encoding="utf-8")
    told = CliRunner().invoke(cli.app, ["describe", "epilepsy", "--rules", str(rules)])
    assert told.exit_code == 2
    assert "epilepsy is not used, because its file holds errors" in told.stderr
