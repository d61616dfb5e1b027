"""Every code block of the documentation and of the README runs, and prints what the page says."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest

from tests.docs.pages import Block, Page, blocks_of

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]


@pytest.fixture(scope="session")
def mypy_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Share what mypy finds out of flowing itself."""
    return tmp_path_factory.mktemp("mypy_cache")


@pytest.fixture(autouse=True)
def _an_empty_folder(tmp_path: Path, mypy_cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Work in a folder with nothing in it but what the pages ask for: mypy with the plugin."""
    monkeypatch.chdir(tmp_path)
    settings = f"[mypy]\nplugins = flowing.mypy_plugin\ncache_dir = {mypy_cache}\n"
    (tmp_path / "mypy.ini").write_text(settings, encoding="utf-8")


def run(path: Path, folder: Path, request: pytest.FixtureRequest) -> Page:
    page = Page(path, folder, request.getfixturevalue)
    page.run()
    return page


@pytest.mark.parametrize("path", PAGES, ids=[each.relative_to(ROOT).as_posix() for each in PAGES])
def test_what_a_page_says_is_true(path: Path, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    """[G7] For the README: wrong wirings are found, word for word."""
    page = run(path, tmp_path, request)
    if page.missing:
        pytest.skip(f"all was run but the blocks that need {', '.join(dict.fromkeys(page.missing))}")


def test_there_are_blocks_to_run() -> None:
    """The control: a reader of pages that finds nothing would pass the tests above."""
    for path in PAGES:
        text = path.read_text(encoding="utf-8")
        assert sum(block.language == "python" for block in blocks_of(text)) == text.count("```python"), path
    readme = blocks_of((ROOT / "README.md").read_text(encoding="utf-8"))
    assert sum(block.language == "python" for block in readme) > 5
    assert sum(block.language == "text" and block.is_output for block in readme) > 0
    assert {command.split()[0] for block in readme for command, _ in block.commands} == {"mypy", "python"}


# ── the runner itself ────────────────────────────────────────────────────────────────────────────

RIGHT = """
    ```python
    x = 1
    ```

    ```python
    print(x, "took 12.5 ms")
    def test_it(tmp_path):
        assert tmp_path.exists()
    ```

    ```text
    1 took 3.0 ms
    ```

    Prose.

    ```text
    Not what anything prints.
    ```

    <!-- not run: it needs a camera -->
    ```python
    raise OSError
    ```

    <!-- needs: no_such_module -->
    ```python
    import no_such_module
    ```

    ```python
    # small.py
    import os
    print(os.getcwd())
    ```

    ```console
    pip install this-is-not-run
    $ python small.py    # a comment
    /home/you
    ```
"""


def page_of(text: str, folder: Path, request: pytest.FixtureRequest) -> Page:
    path = folder / "page.md"
    path.write_text(dedent(text), encoding="utf-8")
    return run(path, folder, request)


def test_a_page_that_is_true_passes(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    page = page_of(RIGHT, tmp_path, request)
    assert (page.missing, page.tests) == (["no_such_module"], 1)


@pytest.mark.parametrize(
    ("right", "wrong", "error"),
    [
        ("x = 1", "x = 2", "page.md:13 shows something else"),
        ("1 took", "2 took", "page.md:13 shows something else"),
        ("print(os", "print('other', os", "page.md:39 shows something else"),
        ("$ python small.py", "$ cat small.py", "not run here"),
        ("$ python small.py", "$ python other.py", "no command below runs"),
        (".exists()", ".missing", "no attribute 'missing'"),
        ("not run: it", "never run: it", "^$"),
        ("raise OSError\n    ```", "raise OSError", "a block in the block"),
        ("/home/you\n    ```", "/home/you", "a block that does not end"),
    ],
)
def test_a_page_that_is_not_true_fails(
    tmp_path: Path, request: pytest.FixtureRequest, right: str, wrong: str, error: str
) -> None:
    """Control: each of these is a page that says something wrong."""
    assert right in RIGHT
    with pytest.raises((AssertionError, AttributeError, OSError), match=error):
        page_of(RIGHT.replace(right, wrong), tmp_path, request)


def test_an_error_is_at_the_line_of_the_page(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    with pytest.raises(ZeroDivisionError) as caught:
        page_of("Text\n\n```python\na = 0\n1 / a\n```\n", tmp_path, request)
    last = caught.traceback[-1]
    assert (Path(last.path).name, last.lineno + 1) == ("page.md", 5)


def test_annotations_are_those_of_the_page(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    """What is imported from `__future__` here does not reach into it."""
    page_of("```python\ndef f(x: int): ...\nassert f.__annotations__ == {'x': int}\n```\n", tmp_path, request)


def test_a_block_knows_its_place() -> None:
    first, second = blocks_of("a\n```python\nx\n```\n\n```text\ny\n```\n")
    assert first == Block("python", "x\n", 3)
    assert second == Block("text", "y\n", 7, is_output=True)
