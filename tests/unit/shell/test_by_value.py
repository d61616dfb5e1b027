"""Pickling by value, where cloudpickle is installed: `nox --session executors` does."""

from __future__ import annotations

import pickle
import pickletools

import pytest

from tests.unit.shell import bodies


def test_what_has_a_name_elsewhere_goes_by_it_and_all_else_by_value() -> None:
    pytest.importorskip("cloudpickle")
    from flowing.shell.by_value import pickled_by_value  # noqa: PLC0415 - needs cloudpickle

    step = bodies.where.__wrapped__
    named = pickled_by_value(step)
    assert pickle.loads(named) is step
    assert "import_wrapped" in [each[1] for each in pickletools.genops(named)]
    factor = 3
    assert pickle.loads(pickled_by_value(lambda number: number * factor))(2) == 6
