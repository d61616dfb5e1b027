"""What every store of flowing has to do for a flow is asked of each of them. No helpers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.unit.checkpoint.media import InFile, InMemory
from tests.unit.durable.lives import Lives

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(params=[InMemory, InFile], ids=["memory", "sqlite"])
def lives(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Lives]:
    """Give the lives of one script on each medium in turn."""
    medium = InMemory() if request.param is InMemory else InFile(tmp_path)
    yield Lives(medium)
    medium.tidy_up()
