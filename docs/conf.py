"""How the documentation is built: Sphinx, MyST, furo. No text of its own, and no reach for the network."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from docutils import nodes
from sphinx.pycode import ModuleAnalyzer
from sphinx_markdown_builder.translator import PREDEFINED_ELEMENTS, MarkdownTranslator
from sphinxcontrib.mermaid import mermaid

import flowing

if TYPE_CHECKING:
    from sphinx.addnodes import pending_xref
    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment

project = "flowing"
author = "The flowing authors"
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx_llm.txt", "sphinxcontrib.mermaid"]
exclude_patterns = ["_build"]
nitpicky = True
nitpick_ignore_regex = [
    ("py:.*", r"(?!flowing\b).*\..*|datetime|SearchStrategy")
]  # others' documentation is on the network

html_theme = "furo"
html_title = "flowing"
html_show_copyright = False

myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3
myst_fence_as_directive = ["mermaid"]

default_role = "code"  # what docstrings mean by single backticks
autodoc_member_order = "bysource"
autodoc_typehints_format = "short"
autodoc_inherit_docstrings = False
napoleon_numpy_docstring = False

MADE_BY_FLOWING = {
    f"flowing.{name}"
    for name in (
        *("AsyncTask", "CurrentAttempt", "EventLog", "Param", "Recording", "Results"),
        *("StepResult", "StepState", "Subscription", "SyncTask", "Task"),
    )
}

llms_txt_full_build = True
llms_txt_description = "Run a graph of Python functions in one process: typed, resumable, and nothing is run twice."


def setup(app: Sphinx) -> None:
    """Have Sphinx call what is below."""
    ModuleAnalyzer.overloads = property(lambda _: {}, lambda *_: None)  # ten forms of task() say less than one
    PREDEFINED_ELEMENTS.setdefault("abbreviation", None)  # in Markdown, `*` among parameters has no tooltip
    app.registry.add_translation_handlers(mermaid, markdown=(diagram_as_markdown, None))
    app.connect("source-read", without_links_out)
    app.connect("autodoc-process-docstring", as_prose, priority=100)  # before napoleon
    app.connect("autodoc-process-signature", without_what_nobody_calls)
    app.connect("missing-reference", to_the_public_name)


def diagram_as_markdown(translator: MarkdownTranslator, node: mermaid) -> None:
    """Give readers of Markdown a diagram as its source."""
    translator.add(f"```mermaid\n{node['code']}\n```", prefix_eol=1, suffix_eol=2)
    raise nodes.SkipNode


def without_links_out(_: Sphinx, name: str, source: list[str]) -> None:
    """Leave only the text of links to files beside `docs/`, which are no pages."""
    out = re.escape("../" * (name.count("/") + 1))
    source[0] = re.sub(rf"\[([^\]]+)\]\({out}[^)]*\)", r"\1", source[0])


def as_prose(_app: Sphinx, what: str, _name: str, _found: object, _options: object, lines: list[str]) -> None:
    """Keep napoleon from reading "Whether it is over: nothing starts." as a type and a description."""
    if what in ("property", "attribute"):
        lines[:0] = ["..", ""]


def without_what_nobody_calls(
    _app: Sphinx, what: str, name: str, _found: object, _options: object, signature: str | None, _: str | None
) -> tuple[str, None] | None:
    """Leave out how flowing makes what only flowing makes."""
    return ("", None) if signature and (what == "exception" or name in MADE_BY_FLOWING) else None


def to_the_public_name(
    app: Sphinx, env: BuildEnvironment, node: pending_xref, shown: nodes.Element
) -> nodes.Element | None:
    """Lead a name from a signature to where it is documented; one that is not public is shown as it is.

    A name that flowing does not have stays a warning.
    """
    name = str(node["reftarget"]).rpartition(".")[2]
    if node["refdomain"] != "py" or name not in names_of_flowing():
        return None
    domain = env.domains.python_domain
    public = [full for full in domain.objects if full.rpartition(".")[2] == name and full.count(".") <= 2]  # noqa: PLR2004 - flowing.core.Name
    if len(public) != 1:
        return shown
    return domain.resolve_xref(env, node["refdoc"], app.builder, "obj", public[0], node, shown)


@cache
def names_of_flowing() -> frozenset[str]:
    """Give every name that a module of flowing defines at its top."""
    names: set[str] = set()
    for file in Path(flowing.__file__).parent.rglob("*.py"):
        for each in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(each, ast.ClassDef):
                names.add(each.name)
            elif isinstance(each, ast.Assign | ast.AnnAssign):
                targets = each.targets if isinstance(each, ast.Assign) else [each.target]
                names.update(target.id for target in targets if isinstance(target, ast.Name))
    return frozenset(names)
