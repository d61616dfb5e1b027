"""What a table cut stands below it."""

from __future__ import annotations

from flowing._cli.reasons import whole


def test_only_what_was_cut_is_written_and_whole() -> None:
    """And nothing at all where nothing was."""
    long = "E: " + "x" * 200 + "; the way out"
    assert whole([("a", "E: short"), ("b", long)], cut_at=100) == ["", f"task 'b': {long}"]
    assert whole([("a", "E: short")], cut_at=100) == []


def test_of_many_the_first_are_written() -> None:
    lines = whole([(f"t{number}", "x" * 200) for number in range(8)], cut_at=100)
    assert len(lines) == 7
    assert lines[-1] == "... and 3 more, which --debug shows"


def test_a_reason_is_one_safe_line_of_a_known_size() -> None:
    """[S8] Names and reasons may come from anywhere."""
    line = whole([("a\n", "\x1b" * 10_000)], cut_at=100)[1]
    assert line.startswith("task 'a\\\\n': \\x1b\\x1b")
    assert line.isprintable()
    assert "(10000 characters)" in line
