"""How findings reach the user: as errors of mypy, with codes of their own. Decides only what is asked for."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Final, NamedTuple

from mypy.errorcodes import ARG_TYPE, ErrorCode

from flowing._mypy.facts import Kind

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mypy.checker import TypeChecker
    from mypy.nodes import Context

    from flowing._mypy.facts import Finding

# A sub-code: a comment that silences arg-type, which is how mypy reports a root that needs something, does so here too.
_CODES: Final = {
    Kind.WRONG: ErrorCode("flowing-wiring", "Check the wiring of tasks", "flowing", sub_code_of=ARG_TYPE),
    Kind.UNCHECKED: ErrorCode("flowing-unchecked", "Report wiring that cannot be checked", "flowing"),
}


class Reporter(NamedTuple):
    """Reports findings of the kinds that are asked for."""

    reports_unchecked: bool

    def report(self, checker: TypeChecker, findings: Iterable[Finding], *, ignorable_at: Context | None = None) -> None:
        """Report each finding at its place; a `type: ignore` is heard there, and on the lines of `ignorable_at`."""
        for each in findings:
            if each.kind is Kind.WRONG or self.reports_unchecked:
                _report(checker, each, ignorable_at)


def _report(checker: TypeChecker, finding: Finding, ignorable_at: Context | None) -> None:
    place = finding.place
    checker.msg.errors.report(
        place.line,
        place.column,
        finding.message,
        code=_CODES[finding.kind],
        severity="error",
        origin_span=chain(_lines(place), () if ignorable_at is None else _lines(ignorable_at)),
        end_line=place.end_line,
        end_column=place.end_column,
    )


def withdraw(checker: TypeChecker, line: int, text: str) -> None:
    """Take back what mypy has reported on a line with a certain text in it, for which there is a better message."""
    errors = checker.msg.errors
    reported = errors.error_info_map.get(errors.file)
    if reported:
        reported[:] = [each for each in reported if each.line != line or text not in each.message]


def _lines(place: Context) -> range:
    return range(place.line, (place.end_line or place.line) + 1)
