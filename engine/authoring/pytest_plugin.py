"""The pytest plug-in: every test beside a rule is a pytest item, and a failure explains the rule instead of showing Python.

A ``*.test.yaml`` belongs to the nearest folder above it that holds a ``concepts`` folder; others are left alone. What the plug-in
needs is imported when a first such file is met, so that it costs other projects nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from engine.authoring.cases import Case
    from engine.authoring.folder import Loaded
    from engine.authoring.testing import CaseResult, RuleTests

_LOADED = pytest.StashKey["dict[Path, Loaded]"]()


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Take the test files of rules."""
    if not file_path.name.endswith(".test.yaml"):
        return None
    folder = next((above for above in file_path.parents if (above / "concepts").is_dir()), None)
    return RuleTestFile.from_parent(parent, path=file_path, folder=folder) if folder is not None else None


class RuleTestFile(pytest.File):
    """The test file of one rule."""

    def __init__(self, *, folder: Path, **keywords: Any) -> None:
        super().__init__(**keywords)
        self.folder = folder
        self.tests: RuleTests | None = None

    def collect(self) -> Iterable[pytest.Item]:
        """One item for each test; problems of the file or of its rule are an error of the collection."""
        from engine.authoring.testing import read_tests

        loaded = self._loaded()
        name = f"{self.folder.name}/{self.path.relative_to(self.folder).as_posix()}"
        rule_file = f"{name.removesuffix('.test.yaml')}.yaml"
        rule_id = next((rule for rule, file in loaded.files.items() if file == rule_file), None)
        if rule_id is None:
            found = [problem.render() for problem in loaded.problems if problem.file in (name, rule_file)]
            raise self.CollectError("\n\n".join(found) or f"{rule_file} is not a rule of a pack that loads")
        self.tests = read_tests(loaded, rule_id)
        assert self.tests is not None
        if self.tests.problems:
            raise self.CollectError("\n\n".join(problem.render() for problem in self.tests.problems))
        for case in self.tests.cases:
            yield RuleTestItem.from_parent(self, name=case.name, case=case)

    def teardown(self) -> None:
        """Free what the tests of this file needed; pytest sets a file up for its items only."""
        assert self.tests is not None
        self.tests.close()

    def _loaded(self) -> Loaded:
        from engine.authoring.loading import load_rules

        folders = self.config.stash.setdefault(_LOADED, {})
        if self.folder not in folders:
            folders[self.folder] = load_rules(self.folder, examples=True)
        return folders[self.folder]


class RuleTestItem(pytest.Item):
    """One test of a rule."""

    def __init__(self, *, case: Case, **keywords: Any) -> None:
        super().__init__(**keywords)
        self.case = case

    def runtest(self) -> None:
        """Run the test on the engine."""
        assert isinstance(self.parent, RuleTestFile)
        assert self.parent.tests is not None
        result = self.parent.tests.run(self.case)
        if not result.passed:
            raise RuleTestFailed(result)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """What was expected, what came out, and why."""
        if isinstance(excinfo.value, RuleTestFailed):
            return excinfo.value.result.render()
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int | None, str]:
        """The file, and the test by its sentence."""
        return self.path, None, self.name


class RuleTestFailed(Exception):
    """A test of a rule did not come out as expected."""

    def __init__(self, result: CaseResult) -> None:
        super().__init__(result.name)
        self.result = result
