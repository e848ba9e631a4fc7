"""``primum rules``: check and test the files of a rules folder."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer
from rich.text import Text

from engine.authoring.schema import stale_schemas, write_schemas
from engine.authoring.testing import CaseResult, Report, run_tests
from fhir_adapters.command_line.boundaries import boundaries
from fhir_adapters.command_line.new_rule import new
from fhir_adapters.command_line.options import (
    FormatOption,
    RulesOption,
    broken,
    loaded_rules,
    rules_folder,
)
from fhir_adapters.command_line.problem_views import pretty
from fhir_adapters.command_line.proofs import chosen_pack, coverage, show_conditions, show_mutants
from fhir_adapters.command_line.rule_checks import check, help_on
from fhir_adapters.command_line.rules_diff import diff
from fhir_adapters.command_line.rules_lock import lock
from fhir_adapters.command_line.rules_pack import key, pack, verify
from fhir_adapters.command_line.terminal import Format, answers, counted, say, words, write_json
from fhir_adapters.mapping.product_information import product_information

app = typer.Typer(no_args_is_help=True, help="Check and test rules.")


class ExportForm(StrEnum):
    """The forms in which a pack can be written."""

    EPI = "epi"


app.command(epilog="Example: primum rules new low-blood-pressure")(new)
app.command(epilog="Example: primum rules boundaries kidney-function --write 1-6")(boundaries)
app.command(epilog="Example: primum rules coverage --html docs/coverage.html")(coverage)
app.command(epilog="Example: primum rules lock --check, or: primum rules lock --raise minor")(lock)
app.command(epilog="Example: primum rules diff HEAD~1 --format json")(diff)
app.command(epilog="Example: primum rules pack baclofen-it --key key.json -o baclofen-it.tar")(pack)
app.command(epilog="Example: primum rules verify baclofen-it.tar --keys keys.json")(verify)
app.command(epilog="Example: primum rules key --private key.json --public keys.json")(key)
app.command(epilog="Example: primum rules check --rules my-rules --format json")(check)
app.command("help", epilog="Example: primum rules help never-true")(help_on)


@app.command("test", epilog="Example: primum rules test -k kidney")
def run_cases(
    select: Annotated[
        str | None,
        typer.Option("-k", help="Only tests whose rule or name contains this.", show_default=False),
    ] = None,
    mutants: Annotated[
        bool,
        typer.Option("--mutants", help="Instead, change each rule a little and see that its tests notice."),
    ] = False,
    conditions: Annotated[
        bool, typer.Option("--coverage", help="Instead, see which conditions the tests saw in each truth.")
    ] = False,
    format: FormatOption = Format.PRETTY,
    rules: RulesOption = None,
) -> None:
    """Run the tests beside the rules, and say why those that failed came out as they did.

    Ends with 1 when one fails, when none runs, and when the folder holds errors (with -k those do not count); with --mutants when one
    survives without a reason; with --coverage when a condition was not seen met, not met and unknown while it decided.
    """
    loaded = loaded_rules(rules)
    if mutants or conditions:
        if not (show_mutants if mutants else show_conditions)(loaded, select, format):
            raise typer.Exit(1)
        return
    report = run_tests(loaded, select=select)
    if format is Format.JSON:
        write_json({"tests": [_test(result) for result in report.results], "problems": report.problems})
    else:
        for problem in report.problems:
            answers.print(pretty(problem), soft_wrap=True)
        for result in report.failed:
            answers.print(words(result.render()), "", soft_wrap=True, sep="\n")
        answers.print(_tally(report))
    if loaded.broken:
        say(broken(rules), "red")
    if not report.ok or (loaded.broken and select is None):
        raise typer.Exit(1)


@app.command(epilog="Example: primum rules schema --check")
def schema(
    check_only: Annotated[
        bool, typer.Option("--check", help="Only see whether they are up to date.")
    ] = False,
    format: FormatOption = Format.PRETTY,
    rules: RulesOption = None,
) -> None:
    """Write the JSON Schemas that let an editor complete and check the files of a rules folder.

    With --check nothing is written; ends with 1 when one is out of date.
    """
    folder = rules_folder(rules) / "schema"
    changed = stale_schemas(folder) if check_only else write_schemas(folder)
    if format is Format.JSON:
        write_json(
            {"folder": str(folder), "stale" if check_only else "written": [file.name for file in changed]}
        )
    else:
        what = "out of date" if check_only else "written"
        answers.print(f"{counted(len(changed), 'schema')} {what}.")
    if check_only and changed:
        raise typer.Exit(1)


@app.command(epilog="Example: primum rules export --pack baclofen-it > baclofen.json")
def export(
    pack_id: Annotated[
        str | None, typer.Option("--pack", help="The pack; may be left out where there is one.")
    ] = None,
    form: Annotated[
        ExportForm, typer.Option("--format", help="epi: a FHIR R5 Bundle of ClinicalUseDefinition.")
    ] = ExportForm.EPI,
    rules: RulesOption = None,
) -> None:
    """Write a pack in the standard form of electronic product information (FHIR R5, JSON)."""
    loaded = loaded_rules(rules)
    exporters = {ExportForm.EPI: product_information}
    write_json(exporters[form](loaded, chosen_pack(loaded, pack_id)))


def _test(result: CaseResult) -> dict[str, object]:
    place = result.position
    about = {"rule": result.rule, "name": result.name, "file": place.file, "line": place.line}
    return {**about, "passed": result.passed, "failures": result.failures, "explanation": result.explanation}


def _tally(report: Report) -> Text:
    ran, failed = len(report.results), len(report.failed)
    if not ran:
        return Text("No test ran.", "bold red")
    tests = f"{counted(ran, 'test')} of {counted(len({result.rule for result in report.results}), 'rule')}"
    return Text(
        f"{tests}: {ran - failed} passed, {failed} failed.", "bold green" if report.ok else "bold red"
    )
