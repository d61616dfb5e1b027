"""How a verb says what can be typed after it, and how what can't be understood is refused. Knows no verb."""

from __future__ import annotations

import argparse
from typing import NoReturn, Protocol

from typing_extensions import override

from flowing._cli.ending import WRONG_USE
from flowing._text import one_line


class Verbs(Protocol):
    """Where verbs declare themselves."""

    def add_parser(self, name: str, *, help: str, description: str) -> argparse.ArgumentParser:  # noqa: A002 - argparse's
        """Add a verb."""
        ...


class Parser(argparse.ArgumentParser):
    """A parser whose errors are one line."""

    @override
    def error(self, message: str) -> NoReturn:
        self.exit(WRONG_USE, f"{self.prog}: {one_line(message)} (see {self.prog} --help)\n")
