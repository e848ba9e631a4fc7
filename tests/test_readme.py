"""The README is true: its commands and its Python run, its links lead somewhere, its picture is there.

`make run` and `make test` are not run as such: the first would install the project into itself, so the command inside
is run instead, and the second is this run.
"""

import os
import re
import shlex
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", README, flags=re.MULTILINE | re.DOTALL)


def commands() -> list[str]:
    return [line.partition("  #")[0].strip() for block in blocks("sh") for line in block.splitlines() if line]


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port: int = listening.getsockname()[1]
        return port


def environment(**more: str) -> dict[str, str]:
    """The commands of this installation come first, and nothing of the shell's own changes what they do."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    own = {name: value for name, value in os.environ.items() if not name.startswith("PRIMUM_")}
    return {**own, "PATH": path, **more}


def run(command: str, folder: Path, **more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        shell=True,
        cwd=folder,
        env=environment(**more),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def wait_for(port: int) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    pytest.fail("the service of the README did not start")


def test_make_run_starts_the_demonstration() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert {"make run", "make test"} <= set(commands())
    assert re.search(r"^run: .*\n\t@\$\(BIN\)/primum demo$", makefile, re.MULTILINE)
    shown = run("primum demo", ROOT, ONCE="1", PORT=str(free_port()))
    assert shown.returncode == 0, shown.stderr
    assert "CRITICAL" in shown.stdout


@pytest.mark.full
def test_every_command_runs(tmp_path: Path) -> None:
    port = free_port()
    serving: list[subprocess.Popen[bytes]] = []
    try:
        for command in (
            line.replace("8000", str(port)) for line in commands() if not line.startswith("make ")
        ):
            words = shlex.split(command)
            if words[-1] == "&":
                serving.append(
                    subprocess.Popen(words[:-1], cwd=tmp_path, env=environment(), stderr=subprocess.DEVNULL)
                )
                wait_for(port)
                continue
            if shutil.which(words[0], path=environment()["PATH"]) is None:
                assert words[0] == "curl", f"{words[0]} is not installed"
                continue
            done = run(command, tmp_path)
            assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
            if words[0] == "curl":
                assert done.stdout.startswith('{"cards":[{')
    finally:
        for process in serving:
            process.terminate()
            process.wait()
    assert serving


def test_the_python_prints_what_is_shown() -> None:
    [code], [shown] = blocks("python"), blocks("text")
    ran = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    lines, expected = ran.stdout.splitlines(), shown.splitlines()
    assert len(lines) == len(expected)
    for line, pattern in zip(lines, expected, strict=True):
        assert re.fullmatch(".*".join(map(re.escape, pattern.split("…"))), line)


def test_links_within_the_project_lead_somewhere() -> None:
    linked = re.findall(r"\]\(([^)]+)\)|src=\"([^\"]+)\"", README)
    targets = [target for pair in linked for target in pair if target and "://" not in target]
    assert targets
    assert [target for target in targets if not (ROOT / target.partition("#")[0]).exists()] == []


def test_the_picture_is_drawn_by_the_command_beside_it() -> None:
    assert "primum demo --once --picture docs/images/cards.svg" in README
    assert (ROOT / "docs/images/cards.svg").read_text(encoding="utf-8").startswith("<svg")
