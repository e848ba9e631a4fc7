"""How Sphinx builds the documentation: ``make docs``. The sources are the Markdown files that GitHub shows, and nothing is fetched."""

from __future__ import annotations

import sys
from importlib.metadata import version as installed
from pathlib import Path

from sphinx.application import Sphinx

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from docs import pages  # noqa: E402

project = "Primum"
version = release = installed("primum")
author = project
copyright = "the contributors of Primum, Apache-2.0"

extensions = ["myst_parser"]
root_doc = "docs/index"
# The sources lie where the project keeps them, so that links between them work here and on GitHub.
include_patterns = ["docs/**", "rules/README.md", "rules/concepts/README.md", "*.md"]
exclude_patterns = [
    "README.md",
    "docs/README.md",
    "docs/_build",
    ".*",
    "engine",
    "fhir_adapters",
    "tests",
    "benchmarks",
]
myst_heading_anchors = 3
myst_links_external_new_tab = False

html_theme = "furo"
html_title = "Primum"
html_copy_source = False
html_show_sphinx = False
html_theme_options = {"sidebar_hide_name": False}

pages.write(ROOT / "docs" / "reference")


def _entrance(sphinx: Sphinx, error: Exception | None) -> None:
    """The first page is below docs/; who opens the folder is led there."""
    if error is None and sphinx.builder.format == "html":
        page = '<!doctype html><meta charset="utf-8"><meta http-equiv="refresh" content="0; url=docs/index.html">'
        link = '<title>Primum</title><a href="docs/index.html">Documentation</a>\n'
        (Path(sphinx.outdir) / "index.html").write_text(page + link, encoding="utf-8")


def setup(sphinx: Sphinx) -> None:
    """Tell Sphinx what to do at the end."""
    sphinx.connect("build-finished", _entrance)
