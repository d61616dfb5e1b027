"""A pytest plugin, `-p tests.property.eager`: threads change places as often as the interpreter can. No tests."""

import sys

sys.setswitchinterval(1e-6)
