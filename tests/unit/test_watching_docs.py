"""What docs/watching.md says of names and figures is so. That its programs run is tested with all other pages."""

from __future__ import annotations

from pathlib import Path

from flowing.shell.log import facts
from flowing.views import progress_screen

TEXT = (Path(__file__).parents[2] / "docs" / "watching.md").read_text(encoding="utf-8")


def test_it_names_every_attribute_of_a_record() -> None:
    assert all(f"`{name}`" in TEXT for name in facts(event="e"))


def test_a_look_is_as_frequent_and_as_cheap_as_it_says() -> None:
    assert 1 / progress_screen.TerminalScreen.look_s == 4
    assert progress_screen.LineScreen.look_s == 1
    assert "four times a second on a terminal, once a second elsewhere" in " ".join(TEXT.split())
    assert progress_screen.SHARE == 50
    assert "a fiftieth of the time" in TEXT
