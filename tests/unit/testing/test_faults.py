"""What is to go wrong, as it is told."""

from __future__ import annotations

import pytest

from flowing import ConfigError, task
from flowing.testing import Faults
from flowing.testing.faults import EVERYTHING, ORDER_ONLY

STEP = task(lambda: 0, name="step")


def test_each_method_gives_another_one_and_leaves_the_first_as_it_was() -> None:
    none = Faults()
    some = none.fail("a").hang("b").late("c").take("d", 1.0).refuse_threads(2).cancel(at_s=1.0).any()
    assert none == Faults()
    assert [fault.task for fault in some.told] == ["a", "b", "c", "d"]
    assert (some.refusals, some.freedom, none.freedom) == (2, EVERYTHING, ORDER_ONLY)


def test_tasks_are_told_by_themselves_or_by_name() -> None:
    assert Faults().fail(STEP).cancel(after=STEP) == Faults().fail("step").cancel(after="step")


@pytest.mark.parametrize(
    "faults",
    [
        Faults(),
        Faults().fail("a", attempts=(1, 2)).fail("b"),
        Faults().hang("a").late("b", by_s=2.0, attempts=[1]).take("c", 3.0),
        Faults().cancel(at_s=1.5).cancel(after="b").refuse_threads(3).any(),
    ],
    ids=repr,
)
def test_it_is_shown_as_it_was_written(faults: Faults) -> None:
    assert eval(repr(faults)) == faults


def test_an_error_is_shown_by_its_type() -> None:
    assert repr(Faults().fail("a", error=OSError)) == "Faults().fail('a', error=OSError)"
    assert repr(Faults().fail("a", error=OSError("secret"))) == "Faults().fail('a', error=OSError)"


def test_a_cancel_has_one_moment() -> None:
    for wrong in ({}, {"at_s": 1.0, "after": "a"}):
        with pytest.raises(ConfigError, match="takes one of at_s="):
            Faults().cancel(**wrong)  # type: ignore[arg-type]  # the mistake itself
