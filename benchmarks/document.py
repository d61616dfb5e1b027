"""Puts the figures of benchmarks into documents: `python benchmarks/document.py docs/performance.md`.

A document says what belongs where, by comments in it: `<!-- figures of overhead.py --sizes 1000 -->` begins a part that
ends with `<!-- end of figures -->`, and what the script prints with these arguments comes between them as it stands;
`<!-- tables of … -->` begins one whose script prints Markdown. Parts are written one by one, as they are measured.
"""

from __future__ import annotations

import argparse
import re
import shlex
import subprocess
import sys
from pathlib import Path

from shared.measuring import machine

ROOT = Path(__file__).parents[1]
PART = re.compile(r"<!-- (figures|tables) of (\S+?)\.py(.*?) -->\n.*?<!-- end of figures -->", re.DOTALL)


def measured(part: re.Match[str], *, more: str) -> str:
    """Run a part's script, and give the part anew."""
    kind, script, arguments = part.groups()
    command = f"benchmarks/{script}.py{arguments}{more}"
    done = subprocess.run(
        [sys.executable, *shlex.split(command)], cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True
    )
    output = done.stdout.rstrip("\n")
    if kind == "figures":
        output = f"{machine()}.\n\n```text\n{output}\n```"
    return f"<!-- {kind} of {script}.py{arguments} -->\n\n`python {command}`: {output}\n\n<!-- end of figures -->"


def main() -> None:
    """Measure, and write the document."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("documents", type=Path, nargs="*", metavar="DOCUMENT")
    parser.add_argument("--only", nargs="+", metavar="SCRIPT", help="names without .py (default: all)")
    parser.add_argument("--rounds", type=int, help="of every script (default: its own)")
    options = parser.parse_args()

    documents: list[Path] = options.documents
    more = f" --rounds {options.rounds}" if options.rounds else ""
    for document in documents:
        for part in list(PART.finditer(document.read_text(encoding="utf-8"))):
            if not options.only or part[2] in options.only:
                print(f"{document}: {part[2]}", flush=True)
                anew = measured(part, more=more)
                text = document.read_text(encoding="utf-8").replace(part[0], anew)
                document.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
