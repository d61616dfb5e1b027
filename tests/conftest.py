"""Hypothesis profiles (`dev` by hand, `ci` where CI is set, `deep` for a long search), Ctrl-C, patience. No helpers."""

from __future__ import annotations

import gc
import os
import signal
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

if TYPE_CHECKING:
    from collections.abc import Iterator

# A slow machine is no failure: no deadline, and no complaint about slow data generation.
settings.register_profile("dev", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("ci", settings.get_profile("dev"), derandomize=True, print_blob=True)
settings.register_profile("deep", settings.get_profile("dev"), max_examples=5_000, print_blob=True)

settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE") or ("ci" if os.environ.get("CI") else "dev"))

# Started in the background, Python is told to ignore Ctrl-C; tests interrupt themselves.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True, scope="session")
def _patience() -> Iterator[None]:
    """Have runs wait for what is on its way out until it is gone: a busy machine may need more than a second."""
    with pytest.MonkeyPatch.context() as patch:
        for limit in ("bridge._JOIN_S", "session._JOIN_S", "session._LAST_S"):
            patch.setattr(f"flowing.shell.{limit}", 60.0)
        yield


def pytest_collection_finish() -> None:
    """Take what importing every test has made out of garbage collection: some tests collect, and would search it all.

    The tests of a codec alone spend two minutes of it in the whole suite, and a second by themselves.
    """
    gc.collect()
    gc.freeze()
