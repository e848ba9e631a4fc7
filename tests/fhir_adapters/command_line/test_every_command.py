"""What holds for every command: where the rules are is told in one way, and each can be read by a program."""

from typing import Any

import pytest

from docs.pages import commands

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
