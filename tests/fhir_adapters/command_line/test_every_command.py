"""What holds for every command: where the rules are is told in one way, and each can be read by a program."""

import errno
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from docs.pages import commands
from fhir_adapters import cli
from fhir_adapters.command_line import options, terminal
from fhir_adapters.packs.signing import new_key, public_keys
from tests.fhir_adapters.command_line.conftest import Run

MINI = Path(__file__).resolve().parents[2] / "fixtures" / "rules-mini"

COMMANDS = dict(commands())

WITHOUT_RULES = {
    "conformance",
    "rules help",
    "rules key",
    "rules verify",
    "store feedback",
    "store prune",
    "store show",
    "store upgrade",
}
"""They read no rules of a folder."""

WITHOUT_FORMAT = {"demo", "store prune", "store upgrade"}
"""The demonstration is for people (``primum check --format json`` is for programs); the other two say one sentence of what was done."""


def options_of(command: Any) -> dict[str, Any]:
    return {
        option: parameter
        for parameter in command.params
        if parameter.param_type_name == "option"
        for option in parameter.opts
    }


@pytest.mark.parametrize("name", COMMANDS)
def test_the_folder_of_the_rules_is_an_option_of_one_name_and_never_an_argument(name: str) -> None:
    command = COMMANDS[name]
    arguments = [each for each in command.params if each.param_type_name == "argument"]
    assert [each.name for each in arguments if each.envvar is not None] == []
    rules = options_of(command).get("--rules")
    assert (rules is None) == (name in WITHOUT_RULES)
    if rules is not None:
        assert (rules.metavar, rules.envvar) == ("FOLDER", "PRIMUM_RULES")


@pytest.mark.parametrize("name", COMMANDS)
def test_a_program_can_read_what_a_command_says(name: str) -> None:
    assert ("--format" in options_of(COMMANDS[name])) == (name not in WITHOUT_FORMAT)


@pytest.mark.parametrize(
    ("line", "code", "said"),
    [
        (
            "describe renal --rules MINI",
            2,
            "There is no rule renal. Did you mean baclofen-it.renal-impairment?",
        ),
        ("describe renal-impairmnt --rules MINI", 2, "Did you mean baclofen-it.renal-impairment?"),
        ("describe x --rules absent", 2, "There is no folder"),
        ("rules check --rules text", 2, "text is no folder."),
        ("rules test --rules text", 2, "text is no folder."),
        ("rules lock --rules absent", 2, "There is no folder"),
        ("concepts find x --rules absent", 2, "There is no folder"),
        (
            "explain renal-impairment absent --rules MINI",
            1,
            "the file cannot be read (No such file or directory).",
        ),
        ("explain renal-impairment . --rules MINI", 1, "the file cannot be read (Is a directory)."),
        ("explain renal-impairment text --rules MINI", 1, "text: this is not JSON in UTF-8."),
        ("check bytes --rules MINI", 1, "bytes: this is not JSON in UTF-8."),
        ("noise --pumps 1 --budget text --rules MINI", 1, "text is not TOML: "),
        ("noise --pumps 1 --budget bytes --rules MINI", 1, "bytes is not UTF-8 text."),
        ("rules coverage --label bytes --rules MINI", 1, "bytes is not UTF-8 text."),
        ("rules verify text --keys text", 1, "text: it is not JSON."),
        ("rules verify bytes --keys keys", 1, "bytes is refused: it is no tar archive, or a damaged one."),
        ("rules diff no-revision --rules copied", 2, "is in no git repository."),
        ("rules help never-treu", 2, "Did you mean never-true?"),
        ("concepts show epilepsie --rules MINI", 2, "Did you mean epilepsy?"),
        ("store show x --store sqlite:////absent/x", 1, "There is no store at this address"),
    ],
)
def test_what_cannot_be_done_is_one_sentence_with_a_code(
    primum: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, line: str, code: int, said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "text").write_text("this is a text\n", encoding="utf-8")
    (tmp_path / "bytes").write_bytes(b"\xff\xfe" * 400)
    (tmp_path / "keys").write_text(json.dumps(public_keys(new_key())), encoding="utf-8")
    (tmp_path / "copied").mkdir()
    shown = primum(*line.replace("MINI", str(MINI)).split())
    assert shown.exit_code == code
    [sentence] = shown.stderr.splitlines()
    assert said in sentence
    assert shown.exception is None or isinstance(shown.exception, SystemExit)


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (
            OSError(errno.ENOSPC, "No space left on device"),
            1,
            "The output cannot be used: No space left on device.",
        ),
        (
            OSError(errno.EROFS, "Read-only file system", "x.svg"),
            1,
            "x.svg cannot be used: Read-only file system.",
        ),
        (OSError(errno.EBADF, "Bad file descriptor"), 70, "This is a defect of Primum: OSError"),
    ],
)
def test_what_cannot_be_written_is_no_defect(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], error: OSError, code: int, said: str
) -> None:
    def full() -> None:
        raise error

    monkeypatch.setattr(cli, "app", full)
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == code
    assert said in capsys.readouterr().err


def test_ctrl_c_ends_a_command_with_130_and_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(options, "load_rules", interrupted)
    monkeypatch.setattr("sys.argv", ["primum", "describe", "renal-impairment"])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert (ended.value.code, *capsys.readouterr()) == (130, "", "Stopped.\n")


STARTED = """
import os, signal, sys
from fhir_adapters.__main__ import main

signal.signal(signal.SIGINT, {before})

class InTheMidst:
    def find_spec(self, name, path=None, target=None):
        if name == "typer":
            os.kill(os.getpid(), signal.SIGINT)

sys.meta_path.insert(0, InTheMidst())
sys.argv = ["primum", "--version"]
main()
"""
"""The command, with Ctrl-C in the midst of reading in what it is made of."""


@pytest.mark.parametrize(
    ("before", "code", "said"),
    [("signal.default_int_handler", 130, "Stopped.\n"), ("signal.SIG_IGN", 0, "")],
    ids=["as usual", "ignored by who started it"],
)
def test_ctrl_c_ends_a_command_that_is_still_being_read_in(before: str, code: int, said: str) -> None:
    run = [sys.executable, "-c", STARTED.format(before=before)]
    ended = subprocess.run(run, capture_output=True, text=True, timeout=60, check=False)
    assert (ended.returncode, ended.stderr) == (code, said)


@pytest.mark.parametrize("width", ["40", "80"])
def test_a_narrow_terminal_loses_no_words(primum: Run, width: str) -> None:
    for console in (terminal.answers, terminal.notices):
        console.width = int(width)
    shown = primum("describe", "renal-impairment", "--rules", MINI).stdout
    assert "lower dose" in " ".join(shown.split())
    assert "\x1b" not in shown
