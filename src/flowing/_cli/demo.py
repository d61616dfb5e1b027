"""`flowing demo`: a flow that fails, is looked at, and goes on where it stopped. Tells; the program is `demo_flow`."""

from __future__ import annotations

import inspect
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from flowing._cli.demo_flow import weather
from flowing._cli.ending import FINE
from flowing._cli.output import say

if TYPE_CHECKING:
    import argparse

    from flowing._cli.words import Verbs


def declare(verbs: Verbs) -> None:
    """Say what the verb takes."""
    verb = verbs.add_parser(
        "demo",
        help="watch a small flow fail, and go on where it stopped",
        description="Show a small program, and run it twice, which takes a second: a task is retried, another one "
        "fails for good, and the second time the program goes on where it stopped. Leaves nothing behind. Exit "
        "status: 0.",
    )
    verb.set_defaults(do=demo)


def demo(_: argparse.Namespace) -> int:
    """Tell the story."""
    with TemporaryDirectory(prefix="flowing-demo-") as name:
        folder = Path(name)
        say([*inspect.getsource(weather).rstrip("\n").split("\n"), ""])
        say(["$ python weather.py                    # template.txt is missing", ""])
        _run(folder)
        (folder / "template.txt").write_text("Oslo {oslo}, Paris {paris}", encoding="utf-8")
        say(["", "$ echo 'Oslo {oslo}, Paris {paris}' > template.txt"])
        say(["$ python weather.py                    # another process: reads what SUCCEEDED, runs the rest", ""])
        _run(folder)
        say(["", "$ cat sent.txt", (folder / "sent.txt").read_text(encoding="utf-8")])
    return FINE


def _run(folder: Path) -> None:
    """Do what each of the two processes would: make the flow, go on with its run, and print how it went."""
    with weather(folder) as flow:
        flow.resume()
        say(flow.summary().split("\n"))
