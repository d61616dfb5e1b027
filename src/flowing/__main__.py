"""The entry of the command line: `python -m flowing`, and the console script. Everything is in `flowing._cli`."""

from __future__ import annotations

import sys

from flowing._cli.main import main

__all__ = ["main"]

if __name__ == "__main__":
    sys.exit(main())
