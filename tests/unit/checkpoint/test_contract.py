"""The contract of stores: held by ours, and broken by stores with a mistake in them."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING

import pytest
from typing_extensions import override

from flowing.checkpoint import MemoryStore, contract
from flowing.checkpoint.contract import CONTRACT
from tests.unit.checkpoint.delegating import Delegating
from tests.unit.checkpoint.media import InFile, InMemory

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from flowing.checkpoint import Change, Codec
    from flowing.checkpoint.contract import Claim


@pytest.fixture(params=[InMemory, InFile])
def medium(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[InMemory | InFile]:
    made = InMemory() if request.param is InMemory else InFile(tmp_path)
    yield made
    made.tidy_up()


@pytest.mark.parametrize("claim", CONTRACT, ids=lambda claim: claim.__name__)
def test_a_store_keeps_the_contract(claim: Claim, medium: InMemory | InFile) -> None:
    """[P6] [P12] [P13] [P17] [P19] Each claim, for each store."""
    claim(medium)


def test_no_claim_is_left_out() -> None:
    claims = [
        each
        for name, each in vars(contract).items()
        if inspect.isfunction(each)
        and each.__module__ == contract.__name__
        and "medium" in str(inspect.signature(each))
    ]
    helpers = {contract.begun, contract.loaded}
    assert set(claims) - helpers == set(CONTRACT)


class Broken:
    """A store with a mistake: each hides what the real one would do."""

    def __init__(self, mistake: str) -> None:
        self._mistake = mistake
        self._real = InMemory()

    def connect(self, *, run_id: str | None = None, codec: Codec | None = None) -> BrokenStore:
        return BrokenStore(self._real.connect(run_id=run_id, codec=codec), self._mistake)

    def crash(self) -> None:
        self._real.crash()


class BrokenStore(Delegating):
    def __init__(self, real: MemoryStore, mistake: str) -> None:
        super().__init__(real)
        self._memory = real
        self._mistake = mistake
        self._kept: list[Change] = []

    @override
    def open(self) -> tuple[str, ...]:
        if self._mistake == "no lock":
            self._memory.crash()
        return super().open()

    @override
    def commit(self, changes: Sequence[Change], /) -> None:
        if self._mistake == "backwards":
            changes = [*changes[:1], *reversed(changes[1:])]
        if self._mistake == "late":
            self._kept += changes
            changes, self._kept = self._kept[:1], self._kept[1:]
        super().commit(changes)

    @override
    def mark_started(self, place: int, task: str, attempt: int) -> None:
        if self._mistake != "no marks":
            super().mark_started(place, task, attempt)

    @override
    def mark_ended(self, place: int) -> None:
        if self._mistake != "marks stay":
            super().mark_ended(place)


@pytest.mark.parametrize("mistake", ["no lock", "backwards", "late", "no marks", "marks stay"])
def test_a_store_with_a_mistake_breaks_it(mistake: str) -> None:
    """Control: the contract finds it."""
    broken = []
    for claim in CONTRACT:
        try:
            claim(Broken(mistake))
        except Exception:  # noqa: BLE001 - a mistake may surface as any error
            broken.append(claim)
    assert broken
    assert len(broken) < len(CONTRACT)
