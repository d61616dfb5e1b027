"""A folder with programs to name on a command line, and how to call one. Checks nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from flowing._cli.main import main

if TYPE_CHECKING:
    import pytest

PROGRAM: Final = """
    from flowing import Depends, Flow, task


    @task
    def fetch() -> int:
        return 1


    @task(depends_on=[fetch])
    def process(
        fetch: str,
    ) -> int:
        return len(fetch)


    @task(depends_on=[fetch])
    def total(fetch: float, unknown: "Nowhere" = Depends(fetch)) -> float:
        return fetch


    wrong = Flow(process)
    right = Flow(total)


    class Flows:
        wrong = wrong


    def make():
        return right


    def make_for(name):
        return right


    def make_nothing():
        pass


    def fail():
        raise OSError("no\\nsuch thing")


    def leave():
        raise SystemExit(3)


    def refused():
        @task(depends_on=[fetch])
        def total(fetched: int) -> int:
            return fetched
"""
FILES: Final = {
    "program.py": PROGRAM,
    "mistaken.py": "import flowing\n\n@flowing.task\ndef needy(x): ...\n",
    "broken.py": "def f(:\n",
    "failing.py": "import json\n\njson.loads('')\n",
    "importing.py": "import not_there\n",
    "package/__init__.py": "",
    "package/inside.py": "from program import right\n",
    "aside/script.py": "from beside import flow\n",
    "aside/beside.py": "from program import right as flow\n",
    "aside/json.py": "",
}


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    """Give the exit status, and what was printed on stdout and on stderr."""
    try:
        status = main(arguments)
    except SystemExit as end:
        status = int(str(end.code))
    printed = capsys.readouterr()
    return status, printed.out, printed.err
