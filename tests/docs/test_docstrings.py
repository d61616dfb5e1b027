"""Every example in a docstring runs, and prints what it says."""

from __future__ import annotations

import ast
import doctest
import re
from pathlib import Path
from textwrap import dedent

import pytest

import flowing

SOURCE = Path(__file__).parents[2] / "src"
DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


def examples_of(source: str) -> list[tuple[int, str]]:
    """Give the docstrings that have an example, with their lines."""
    nodes = [node for node in ast.walk(ast.parse(source)) if isinstance(node, DOCUMENTED)]
    found = [(getattr(node, "lineno", 1), ast.get_docstring(node) or "") for node in nodes]
    return [(line, text) for line, text in found if ">>>" in text or "```python" in text]


def run(text: str, name: str) -> None:
    """Run the fenced programs of a docstring, and then its dialogues, each in a namespace of its own."""
    for block in re.findall(r"^( *)```python\n(.*?)^\1```", text, re.DOTALL | re.MULTILINE):
        exec(compile(dedent(block[1]), name, "exec", dont_inherit=True), {"__name__": "docstring"})
    dialogue = doctest.DocTestParser().get_doctest(text, {"__name__": "docstring"}, name, name, 0)
    said: list[str] = []
    doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(dialogue, out=said.append)
    assert not said, "".join(said)


# What a decision or a fault is called in the house; users don't know of it.
CODE = re.compile(r"\b(?:[DGRSX]\d{1,2}|FAULTS)\b")


def docstrings_of(name: str, public: object) -> list[tuple[str, str]]:
    """Give the docstring of something public, and those of what is public in it."""
    parts = {each: part for each, part in vars(public).items() if each[0] != "_"} if isinstance(public, type) else {}
    found = [(name, public.__doc__), *((f"{name}.{each}", part.__doc__) for each, part in parts.items())]
    return [(where, text) for where, text in found if text]


def test_what_users_read_has_no_code_of_the_house() -> None:
    texts = [each for name in flowing.__all__ for each in docstrings_of(name, getattr(flowing, name))]
    assert {"Flow", "Flow.run", "StepState", "task"} <= {where for where, _ in texts}
    assert [where for where, text in texts if CODE.search(text)] == []


@pytest.mark.parametrize("text", ["in start order (D18)", "see FAULTS R9"])
def test_a_code_of_the_house_is_found(text: str) -> None:
    """Control."""
    assert CODE.search(text)


def test_the_examples_are_true(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    files = sorted(SOURCE.rglob("*.py"))
    assert len(files) > 100
    for file in files:
        for line, text in examples_of(file.read_text(encoding="utf-8")):
            run(text, f"{file.name}:{line}")


@pytest.mark.parametrize(
    "docstring",
    ['"""Add.\n\n    >>> 1 + 1\n    3\n    """', '"""Add.\n\n    ```python\n    assert 1 + 1 == 3\n    ```\n    """'],
)
def test_an_example_that_is_not_true_is_found_out(docstring: str) -> None:
    """Control; and the same with the right number passes."""
    source = f"def add():\n    {docstring}\n"
    ((line, text),) = examples_of(source)
    assert line == 1
    with pytest.raises(AssertionError):
        run(text, "wrong")
    run(text.replace("3", "2"), "right")
