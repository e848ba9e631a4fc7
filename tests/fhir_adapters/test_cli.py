"""The command ``primum``: every command explains itself, and a defect shows no record."""

from importlib.metadata import version

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
