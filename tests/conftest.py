"""Hypothesis profiles (`dev` by hand, `ci` where CI is set, `deep` for a long search), and Ctrl-C. No helpers."""

from __future__ import annotations

import os
import signal

from hypothesis import HealthCheck, settings

# A slow machine is no failure: no deadline, and no complaint about slow data generation.
settings.register_profile("dev", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("ci", settings.get_profile("dev"), derandomize=True, print_blob=True)
settings.register_profile("deep", settings.get_profile("dev"), max_examples=5_000, print_blob=True)

settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE") or ("ci" if os.environ.get("CI") else "dev"))

# Started in the background, Python is told to ignore Ctrl-C; tests interrupt themselves.
signal.signal(signal.SIGINT, signal.default_int_handler)
