"""The pages of the documentation that are made from the project itself: condition nouns, commands, settings, and the list of checks.

They are written when the documentation is built (``make docs``), so that they cannot be out of date.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator, Mapping
from enum import Enum
from pathlib import Path
from typing import Any

import typer
from pydantic_core import PydanticUndefined

from engine.authoring.folder import Loaded
from engine.authoring.loading import DEFAULT_FOLDER, load_rules, parse_document
from engine.authoring.schema import schema_of
from engine.describe import describe_condition
from engine.language import GROUPS, NOUNS, Leaf, Tree
from engine.logic import members_of
from engine.rule import Rule
from fhir_adapters.cli import EXIT_CODES, app
from fhir_adapters.settings import Settings

GUIDE = DEFAULT_FOLDER / "README.md"
CHECKS = Path(__file__).parent / "checks"
EXAMPLES: Mapping[str, str] = dict(
    re.findall(r"^\| `(\w+)` \| [^|]+ \| `([^`]+)` \|$", GUIDE.read_text(encoding="utf-8"), re.MULTILINE)
)
"""One condition for each noun, from the table of the guide, whose test loads every one of them."""


def pages() -> Iterator[tuple[str, str]]:
    """Every page as its path below ``docs/reference`` and its text in Markdown."""
    loaded = load_rules()
    for noun in NOUNS:
        yield f"conditions/{noun}.md", condition_page(noun, loaded)
    yield "conditions/groups.md", groups_page()
    yield "conditions/index.md", _index("Conditions", _CONDITIONS, [*sorted(NOUNS), "groups"])
    found = dict(commands())
    for words, command in found.items():
        yield f"commands/{_file(words)}.md", command_page(words, command)
    yield "commands/index.md", _index("Commands", _COMMANDS, [_file(words) for words in found])
    yield "checks.md", checks_page()
    yield "settings.md", settings_page()


_CONDITIONS = """A condition of a rule is one clinical noun with its options. Each page has an example, the sentence as which it
reads, every option with its values, and the rules that use it. How conditions are put together, and what *met*, *not met* and *unknown*
mean, is in the [guide](/rules/README.md)."""
_COMMANDS = f"""Everything is done by the command `primum`; `--help` after any command says what stands here.

{EXIT_CODES}

What a command is about is its argument. Where the rules are is the same option everywhere, `--rules FOLDER`, or for all commands the
environment variable `PRIMUM_RULES`; without them the rules that ship are read."""
_CHECKS = (
    """What `primum rules check` looks for. Each page says what to avoid, what to write instead, and why."""
)


def checks_page() -> str:
    """The checks, each with its page."""
    return _index("Checks", _CHECKS, [f"/docs/checks/{path.stem}" for path in sorted(CHECKS.glob("*.md"))])


def _index(title: str, text: str, names: list[str]) -> str:
    return f"# {title}\n\n{text}\n\n```{{toctree}}\n:maxdepth: 1\n\n" + "\n".join(names) + "\n```\n"


def condition_page(noun: str, loaded: Loaded) -> str:
    """What one noun asks about: example, sentence, options, and where the rules that ship use it."""
    model = NOUNS[noun]
    written = EXAMPLES[noun]
    example = written if written.startswith("{") else f"{{{written}}}"
    lines = [f"# `{noun}`", inspect.cleandoc(model.__doc__ or ""), "## Example"]
    lines += [f"```yaml\n{written.removeprefix('{').removesuffix('}') if _flat(written) else written}\n```"]
    if noun != "finding":  # the guide's shared finding is made up
        leaf: Any = model.model_validate(parse_document(example, noun)[0].data)
        lines += [f"It reads: *{describe_condition(leaf, loaded.concepts)}*."]
    lines += ["## Options", *_options(schema_of(model), first=noun)]
    users = [rule for rule in loaded.rules.rules if any(leaf.noun == noun for leaf in _leaves(rule))]
    lines += ["## Where it is used", _used(users)]
    return "\n\n".join(lines) + "\n"


def _flat(example: str) -> bool:
    """Whether an example in braces is one option, which needs none."""
    return example.startswith("{") and "," not in example


def _used(rules: list[Rule]) -> str:
    if not rules:
        return "In no rule that ships, yet."
    named = "\n".join(f"- `{rule.id}`: {rule.title}" for rule in rules[:8])
    return named + (f"\n- and {len(rules) - 8} more" if len(rules) > 8 else "")


def _leaves(rule: Rule) -> Iterator[Leaf]:
    trees = [rule.when, rule.unless, *(variant.when for variant in rule.card.variants)]
    for tree in trees:
        if tree is not None:
            yield from _leaves_of(tree)


def _leaves_of(tree: Tree) -> Iterator[Leaf]:
    if isinstance(tree, Leaf):
        yield tree
        return
    for member in members_of(tree)[1]:
        yield from _leaves_of(member)


def groups_page() -> str:
    """The words that put conditions together."""
    parts = ["# Groups", "Groups put conditions together, at most three deep."]
    for word, model in GROUPS.items():
        parts += [f"## `{word}`", inspect.cleandoc(model.__doc__ or "")]
        parts += _options(model.model_json_schema(by_alias=True)["$defs"][model.__name__])
    return "\n\n".join(parts) + "\n"


def _options(schema: Mapping[str, Any], within: str = "", first: str = "") -> Iterator[str]:
    """A table of a model's fields, then of those that are models themselves; what any condition may say comes last."""
    rows, inner = [], []
    order = {first: 0, "as": 2, "because": 2}
    for name, field in sorted(schema["properties"].items(), key=lambda option: order.get(option[0], 1)):
        part = _referenced(field, schema.get("$defs", {}))
        rows.append(
            (f"`{within}{name}`", _explained(field), _default(name, field, schema.get("required", ())))
        )
        if part is not None:
            inner.append((f"{within}{name}.", part | {"$defs": schema["$defs"]}))
    yield "\n".join(
        ["| Option | Meaning | If left out |", "|---|---|---|", *(f"| {' | '.join(row)} |" for row in rows)]
    )
    for name, part in inner:
        yield from _options(part, name)


def _referenced(field: Mapping[str, Any], definitions: Mapping[str, Any]) -> dict[str, Any] | None:
    """The model that a field holds, if it holds one; a list of conditions is no such field."""
    references = [part["$ref"] for part in (field, *field.get("anyOf", ())) if "$ref" in part]
    model = definitions.get(references[0].rpartition("/")[2]) if references else None
    return model if model is not None and "properties" in model else None


def _explained(field: Mapping[str, Any]) -> str:
    chosen = [
        (value, words)
        for part in (field, field.get("items", {}), *field.get("anyOf", ()))
        for value, words in zip(
            part.get("enum", [part["const"]] if "const" in part else []),
            part.get("enumDescriptions", ()),
            strict=False,
        )
    ]
    values = "".join(f"<br>`{value}`: {words}" for value, words in chosen)
    return _cell(f"{field.get('description', '')}{values}")


def _default(name: str, field: Mapping[str, Any], required: list[str]) -> str:
    if name in required:
        return "*needed*"
    value = field.get("default")
    return "" if value in (None, [], "") else f"`{str(value).lower() if isinstance(value, bool) else value}`"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def commands() -> Iterator[tuple[str, Any]]:
    """Every command with its words, such as ``rules check``."""

    def below(group: Any, words: tuple[str, ...]) -> Iterator[tuple[str, Any]]:
        for name, command in group.commands.items():
            if hasattr(command, "commands"):
                yield from below(command, (*words, name))
            else:
                yield " ".join((*words, name)), command

    yield from sorted(below(typer.main.get_command(app), ()))


def _file(words: str) -> str:
    return words.replace(" ", "-")


def command_page(words: str, command: Any) -> str:
    """What a command does, an example, and its arguments and options."""
    arguments = " ".join(
        f"[{_metavar(parameter)}]" for parameter in command.params if parameter.param_type_name == "argument"
    )
    usage = " ".join(part for part in ("primum", words, "[OPTIONS]", arguments) if part)
    example = (command.epilog or "").removeprefix("Example: ")
    rows = [_row(parameter) for parameter in command.params]
    lines = [f"# `primum {words}`", inspect.cleandoc(command.help or ""), f"```text\n{usage}\n```"]
    lines += ["## Example", f"```sh\n{example}\n```", "## Options"]
    lines += ["\n".join(["| Option | Meaning | If left out |", "|---|---|---|", *rows])]
    return "\n\n".join(lines) + "\n"


def _metavar(parameter: Any) -> str:
    return str(parameter.metavar or parameter.name.upper())


def _row(parameter: Any) -> str:
    kind = parameter.type_descriptor.annotation
    choices = (
        [str(member.value) for member in kind] if inspect.isclass(kind) and issubclass(kind, Enum) else []
    )
    options = (
        [_metavar(parameter)]
        if parameter.param_type_name == "argument"
        else [*parameter.opts, *parameter.secondary_opts]
    )
    meaning = parameter.help or ""
    if choices:
        meaning += f" One of {', '.join(f'`{choice}`' for choice in choices)}."
    if parameter.envvar:
        meaning += f" Also from `{parameter.envvar}`."
    names = ", ".join(f"`{option}`" for option in options)
    return f"| {names} | {_cell(meaning)} | {_cell(_left_out(parameter))} |"


def _left_out(parameter: Any) -> str:
    if isinstance(parameter.show_default, str):
        return parameter.show_default
    default = parameter.default.value if isinstance(parameter.default, Enum) else parameter.default
    return "" if default in (None, False, [], ()) or callable(default) else f"`{default}`"


def settings_page() -> str:
    """Every setting of the service."""
    parts = [
        "# Settings",
        "Every setting is an environment variable, and every default is safe. `primum serve` refuses one that it cannot use.",
    ]
    for name, field in Settings.model_fields.items():
        default = (
            ""
            if field.default in (None, "", (), PydanticUndefined)
            else f"Default: `{_shown(field.default)}`."
        )
        parts += [f"## `PRIMUM_{name.upper()}`", field.description or "", default]
    return "\n\n".join(part for part in parts if part) + "\n"


def _shown(default: Any) -> str:
    if isinstance(default, Path):
        return "rules" if default == DEFAULT_FOLDER else str(default)
    return str(default).lower() if isinstance(default, bool) else str(default)


def write(folder: Path) -> None:
    """Write the pages below a folder, and take away those that are no longer made."""
    made = dict(pages())
    for name, text in made.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.is_file() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
    for path in folder.rglob("*.md"):
        if path.relative_to(folder).as_posix() not in made:
            path.unlink()
