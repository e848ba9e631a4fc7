"""Records how a rule is written from nothing, with three mistakes on the way: ``make recording``.

The files are those of the guide (``rules/README.md``), with the mistakes put in. A shell in tmux, in a fresh folder, is given what an
author would type, and what stands on its screen at the end is written down, as text and as a picture.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
import time
from io import StringIO
from pathlib import Path

from rich.console import Console
from rich.text import Text

from fhir_adapters.command_line.terminal import drawn

ROOT = Path(__file__).resolve().parents[2]
WIDTH = 118
PROMPT = "$ "
PACK = "rules/baclofen-intrathecal/warnings"
GUIDE = (ROOT / "rules/README.md").read_text(encoding="utf-8")
RULE, TESTS = re.findall(
    r"^`baclofen-intrathecal/warnings/[\w.-]+\.yaml`:\n\n```yaml\n(.*?)^```$", GUIDE, re.MULTILINE | re.DOTALL
)


def with_mistake(text: str, right: str, wrong: str) -> str:
    """The text with a mistake in it; the guide must still say what is right."""
    assert text.count(right) == 1, right
    return text.replace(right, wrong)


WRONG_RULE = with_mistake(
    with_mistake(RULE, "vital: vital-systolic\n", "vital: vital-sistolic\n"),
    "below: parameter systolic-low\n",
    "below: 90\n",
)
WRONG_TESTS = with_mistake(
    TESTS,
    "expect: {outcome: not_met, card: none}\n\n  - name: a measurement",
    "expect: met\n\n  - name: a measurement",
)


def written(name: str, text: str) -> str:
    """The command that writes a file."""
    return f"cat > {PACK}/{name} <<'END'\n{text}END"


STEPS = (
    "# A rule from nothing: low blood pressure before intrathecal baclofen. First the rule.",
    "export PRIMUM_RULES=rules",
    written("low-blood-pressure.yaml", WRONG_RULE),
    "primum rules check",
    "# A name that no concept has, and a number without a unit: the limit is a setting of the pack, so that a site may change it.",
    f"sed -i 's/vital-sistolic/vital-systolic/; s/below: 90$/below: parameter systolic-low/' {PACK}/low-blood-pressure.yaml",
    "primum rules check",
    "# And now the tests.",
    written("low-blood-pressure.test.yaml", WRONG_TESTS),
    "primum rules check",
    "primum rules test -k low-blood",
    "# 90 is not below 90: here the test is wrong, and not the rule.",
    f"sed -i '/name: 90 is not low/,/expect/ s/expect: met/expect: {{outcome: not_met, card: none}}/' {PACK}/low-blood-pressure.test.yaml",
    "primum rules test -k low-blood",
    "primum rules test -k low-blood --coverage",
    "primum rules test -k low-blood --mutants",
    "primum describe low-blood-pressure",
)


def tmux(*words: str, text: str | None = None) -> str:
    """Tell a tmux of its own."""
    command = ["tmux", "-u", "-L", "primum-recording", *words]
    return subprocess.run(command, check=True, capture_output=True, text=True, input=text).stdout


def at_prompt() -> None:
    """Wait until the prompt stands on the screen; the shell tells when it is about to write one, which is too early to type."""
    tmux("wait-for", "typed")
    end = time.monotonic() + 10
    while tmux("display-message", "-p", "#{cursor_x}").strip() != str(len(PROMPT)):
        if time.monotonic() > end:
            raise TimeoutError("the shell has written no prompt")
        time.sleep(0.02)


def recorded(folder: Path) -> str:
    """What stands on the screen after all steps, with its colours."""
    shutil.copytree(
        ROOT / "rules", folder / "rules", ignore=shutil.ignore_patterns("local", "examples", "rules.lock")
    )
    begin = folder / ".bashrc"
    begin.write_text(
        f"PATH='{Path(sys.executable).parent}':$PATH PS1='{PROMPT}' PS2='' LANG=C.UTF-8\n"
        "PROMPT_COMMAND='tmux -L primum-recording wait-for -S typed'\n",
        encoding="utf-8",
    )
    session = ("new-session", "-d", "-x", str(WIDTH), "-y", "50", "-c", str(folder))
    shell = f"exec bash --rcfile {begin} --noediting"
    tmux("-f", "/dev/null", "set-option", "-g", "history-limit", "20000", ";", *session, shell)
    try:
        at_prompt()
        for step in STEPS:
            tmux("load-buffer", "-", text=f"{step}\n")
            tmux("paste-buffer", "-d")
            at_prompt()
        return tmux("capture-pane", "-p", "-e", "-J", "-S", "-")
    finally:
        tmux("kill-server")


def main() -> None:
    """Write the recording beside this file."""
    with tempfile.TemporaryDirectory() as folder:
        screen = Text.from_ansi(recorded(Path(folder)).rstrip().removesuffix(PROMPT.rstrip()).rstrip())
    lines = [line.rstrip() for line in screen.plain.splitlines()]
    here = Path(__file__).parent
    (here / "new-rule.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    console = Console(record=True, width=WIDTH, file=StringIO(), highlight=False)
    console.print(screen)
    picture = drawn(console, "A new rule, with three mistakes on the way")
    (here / "new-rule.svg").write_text(picture, encoding="utf-8")


if __name__ == "__main__":
    main()
