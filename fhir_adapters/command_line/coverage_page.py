"""The coverage of a label as a page to look at: plain HTML without scripts, readable on paper and by a screen reader."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from engine.authoring.label import LabelAccount, StatementAccount
from engine.ruleset import Statement

_STYLE = """
:root { color-scheme: light dark; --line: #8884; --ok: #1a7f37; --why: #6e7781; --bad: #c62828; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 72rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.6rem; } h2 { font-size: 1.2rem; margin-top: 2.5rem; }
table { border-collapse: collapse; width: 100%; } caption { text-align: left; padding: .5rem 0; }
th, td { text-align: left; vertical-align: top; padding: .45rem .6rem; border-bottom: 1px solid var(--line); }
.ok { color: var(--ok); } .why { color: var(--why); } .bad { color: var(--bad); font-weight: 600; }
.numbers { display: flex; gap: 2.5rem; flex-wrap: wrap; padding: 0; list-style: none; } .numbers b { font-size: 1.8rem; display: block; }
code { font-size: .92em; }
"""


def coverage_page(accounts: Sequence[LabelAccount]) -> str:
    """The page for all packs; made by ``primum rules coverage --html FILE``."""
    bodies = "\n".join(_pack(account) for account in accounts)
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width">\n'
        f"<title>Label coverage</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n<h1>Label coverage</h1>\n"
        "<p>Every statement of the label is a rule, or has a written reason why no rule can decide it. The words are ours; "
        "the numbers in brackets count the tests beside each rule.</p>\n"
        f"{bodies}\n</body>\n</html>\n"
    )


def _pack(account: LabelAccount) -> str:
    with_rules = sum(bool(entry.rules) for entry in account.statements)
    with_reason = sum(not entry.rules and entry.covered for entry in account.statements)
    said = sum(bool(entry.statements) for entry in account.sentences)
    numbers = (
        (len(account.statements), "statements"),
        (with_rules, "cited by rules"),
        (with_reason, "with a reason instead"),
        (len(account.sentences), "sentences of the label"),
        (said, "of them said by statements"),
    )
    figures = "".join(f"<li><b>{number}</b>{escape(words)}</li>" for number, words in numbers)
    rows = "\n".join(_row(entry) for entry in account.statements)
    sentences = "\n".join(
        f"<tr><td><code>{escape(entry.id)}</code></td><td>{escape(', '.join(entry.statements))}</td>"
        f'<td class="why">{escape(entry.reason or "")}</td></tr>'
        for entry in account.sentences
    )
    return (
        f"<h2>{escape(account.pack.source_label)}</h2>\n<ul class=numbers>{figures}</ul>\n"
        f"<table><caption>Statements</caption><thead><tr><th>Id</th><th>What it says</th><th>Where</th><th>Covered by</th></tr></thead>"
        f"<tbody>\n{rows}\n</tbody></table>\n"
        "<details><summary>Sentence by sentence</summary><table><thead><tr><th>Sentence</th><th>Statements</th>"
        f"<th>Why none</th></tr></thead><tbody>\n{sentences}\n</tbody></table></details>"
    )


def _row(entry: StatementAccount) -> str:
    statement = entry.statement
    if entry.rules:
        names = "<br>".join(f"<code>{escape(rule)}</code> ({tests})" for rule, tests in entry.rules)
        covered = f'<td class="ok">{names}</td>'
    else:
        covered = f'<td class="{"why" if entry.covered else "bad"}">{escape(statement.no_rule or "not covered")}</td>'
    return (
        f"<tr><td><code>{escape(statement.id)}</code></td><td><b>{escape(statement.title)}</b><br>{escape(statement.text)}</td>"
        f"<td>{escape(_place(statement))}</td>{covered}</tr>"
    )


def _place(statement: Statement) -> str:
    return statement.section if statement.line is None else f"{statement.section}, line {statement.line}"
