"""Which records of flowing's log are printed, and that a log that somebody sees to is left alone."""

from __future__ import annotations

import logging

import pytest

from flowing._cli.log import printed_log

LOG = logging.getLogger("flowing")


def printed(capsys: pytest.CaptureFixture[str], *, quiet: bool) -> str:
    """Log what a run may log, without pytest's own handlers, as in a process of its own."""
    root = logging.getLogger()
    handlers = root.handlers
    root.handlers = [each for each in handlers if not type(each).__module__.startswith("_pytest")]
    try:
        with printed_log(quiet=quiet):
            LOG.debug("not this")
            LOG.warning("two\nlines \x1b[31m")
            LOG.warning("task %r failed", "load", extra={"flowing_event": "TaskFailed"})
        LOG.warning("and not this")
    finally:
        root.handlers = handlers
    return capsys.readouterr().err


def test_warnings_are_lines_and_failures_only_where_no_table_has_them(capsys: pytest.CaptureFixture[str]) -> None:
    """[S8] And only while the flow runs."""
    warning = "flowing: two lines \\x1b[31m\n"
    assert printed(capsys, quiet=False) == warning
    assert printed(capsys, quiet=True) == f"{warning}flowing: task 'load' failed\n"


@pytest.mark.parametrize("name", ["flowing", ""])
def test_a_program_that_sees_to_its_log_is_left_alone(capsys: pytest.CaptureFixture[str], name: str) -> None:
    seen: list[str] = []
    handler = logging.Handler()
    handler.emit = lambda record: seen.append(record.getMessage())  # type: ignore[method-assign]
    logger = logging.getLogger(name)
    logger.addHandler(handler)
    try:
        assert printed(capsys, quiet=True) == ""
    finally:
        logger.removeHandler(handler)
    assert "task 'load' failed" in seen
