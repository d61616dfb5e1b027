"""What an editor shows while a flow is being typed, asked of the language servers as an editor asks."""

from __future__ import annotations

import inspect
import re
from typing import TYPE_CHECKING, Final

import pytest

from flowing import task
from tests.typing.checkers import SEARCH_PATH, TIMEOUT_S, TOOLS, Checker, needs
from tests.typing.language_server import LanguageServer, Message, ServerEnded, plain

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SERVERS: Final[dict[Checker, tuple[str, ...]]] = {
    "pyright": ("pyright-langserver", "--stdio"),
    "basedpyright": ("basedpyright-langserver", "--stdio"),
    "pyrefly": ("pyrefly", "lsp"),
    "ty": ("ty", "server"),
}

# What `help(task)` says of each option; a wrapped sentence on one line.
OPTIONS: Final = {
    name: " ".join(text.split())
    for name, text in re.findall(r"^ {4}(\w+): (.*(?:\n {8}.*)*)", inspect.getdoc(task) or "", re.MULTILINE)
    if name != "FlowingError"
}

PROGRAM: Final = '''\
from flowing import Flow, task


@task
def fetch_data() -> dict[str, list[int]]:
    """Fetch the numbers."""
    return {}


@task(depends_on=[fetch_data], retry=1)
def process(fetch_data: dict[str, list[int]], *, limit: int = 3) -> int:
    """Sum up the numbers."""
    return limit


@task
async def later(seconds: float = 1) -> str:
    """Wait for it."""
    return "now"


flow = Flow(process, later)
value = flow.value(process)
typing_options = task()
typing_arguments = process()
typing_copy = process.with_options()
typing_flow = Flow()
typing_step = process
typing_later = later
typing_value = value
'''


@pytest.fixture(scope="module", params=SERVERS)
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LanguageServer]:
    """Start a server with the program open, and with a line for each option of `task`."""
    checker: Checker = request.param
    needs(checker)
    folder = tmp_path_factory.mktemp(checker)
    write_settings(folder)
    file = folder / "program.py"
    file.write_text(PROGRAM + "".join(f"typing_{name} = task({name}=)\n" for name in OPTIONS), encoding="utf-8")
    name, *arguments = SERVERS[checker]
    with LanguageServer([str(TOOLS / name), *arguments], file, timeout_s=TIMEOUT_S) as running:
        yield running


def write_settings(folder: Path) -> None:
    """Show each server where flowing is, as an editor's project settings do."""
    paths = "".join(f'"{path}"' for path in SEARCH_PATH)
    (folder / "pyproject.toml").write_text(
        f"[tool.pyright]\nextraPaths = [{paths}]\n"
        f"[tool.pyrefly]\nsearch-path = [{paths}]\n"
        f'python-interpreter-path = "{TOOLS / "python"}"\n'
        f'[tool.ty.environment]\nextra-paths = [{paths}]\npython = "{TOOLS.parent}"\n',
        encoding="utf-8",
    )


def test_the_documentation_names_every_option() -> None:
    assert {"depends_on", "retry", "retry_until", "timeout_s", "detached"} <= OPTIONS.keys()
    assert all(text.endswith(".") for text in OPTIONS.values())


def test_inside_task_the_options_are_completed(server: LanguageServer) -> None:
    assert {f"{name}=" for name in OPTIONS} <= server.completions("typing_options = task(").keys()


def test_inside_a_call_of_a_task_its_parameters_are_completed(server: LanguageServer) -> None:
    completed = server.completions("typing_arguments = process(").keys()
    assert {"fetch_data=", "limit="} <= completed
    assert "retry=" not in completed


def test_inside_with_options_the_options_are_completed(server: LanguageServer) -> None:
    completed = server.completions("typing_copy = process.with_options(").keys()
    assert {f"{name}=" for name in OPTIONS if name != "depends_on"} <= completed
    assert "depends_on=" not in completed


def test_inside_flow_the_options_are_completed(server: LanguageServer) -> None:
    assert {"max_workers=", "fail_fast=", "grace_s="} <= server.completions("typing_flow = Flow(").keys()


def test_help_with_a_call_of_task_says_what_each_option_does(server: LanguageServer) -> None:
    for option, documentation in OPTIONS.items():
        signatures = server.signatures(f"typing_{option} = task({option}=")
        assert any(documentation in text for each in signatures for text in texts_of(each)), option


def test_help_with_the_call_of_a_task_shows_its_parameters_and_its_result(server: LanguageServer) -> None:
    (signature,) = server.signatures("typing_arguments = process(")
    assert "fetch_data: dict[str, list[int]], *, limit: int = 3) -> int" in signature["label"]


def test_a_task_shows_its_type_and_the_documentation_of_its_function(server: LanguageServer) -> None:
    shown = server.hover("typing_step = process")
    assert "SyncTask[" in shown
    assert "limit" in shown
    assert "Sum up the numbers." in shown
    shown = server.hover("typing_later = later")
    assert "AsyncTask[" in shown
    assert "Wait for it." in shown


def test_a_value_shows_its_type(server: LanguageServer) -> None:
    assert "int" in server.hover("typing_value = value")


def test_task_shows_its_options_and_its_documentation(server: LanguageServer) -> None:
    shown = server.hover("typing_options = task")
    assert "retry_backoff_base_ms" in shown
    assert "Make a function a task of a flow." in shown


def texts_of(signature: Message) -> list[str]:
    parts = [signature, *signature.get("parameters", [])]
    return [plain(part.get("documentation")) for part in parts]


def test_a_server_that_goes_away_is_noticed(tmp_path: Path) -> None:
    """The control: nothing would wait for ever."""
    file = tmp_path / "program.py"
    file.write_text("", encoding="utf-8")
    with pytest.raises(ServerEnded):
        LanguageServer([str(TOOLS / "python"), "-c", "input()"], file, timeout_s=TIMEOUT_S).__enter__()


def test_a_server_that_is_silent_is_killed(tmp_path: Path) -> None:
    file = tmp_path / "program.py"
    file.write_text("", encoding="utf-8")
    silent = "import sys; sys.stdin.buffer.read()"
    with pytest.raises(ServerEnded, match="initialize"):
        LanguageServer([str(TOOLS / "python"), "-c", silent], file, timeout_s=0.1).__enter__()
