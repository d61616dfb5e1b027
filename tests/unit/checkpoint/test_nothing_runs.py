"""Reading a checkpoint runs nothing of it: seen by an audit hook, in a process of its own."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from flowing.checkpoint import Declaration, Definition, JsonCodec, ResultSaved, RunBegun, SqliteStore

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[3]

# What is in the file: valid where its type allows, and hostile where that is a text.
CANARY = "canary_5d1f"
HOSTILE: dict[str, bytes] = {
    "Order": b'{"items":[{"x":1,"y":2}],"price":"1.5","note":"canary_5d1f","tags":["os.system"],"rest":{"a":[1]}}',
    "Node": b'{"value":1,"next":{"value":2,"next":null,"children":[]},"children":[]}',
    "dict[str, Any]": b'{"__class__":"canary_5d1f.Evil","py/reduce":[{"py/type":"os.system"},"canary_5d1f"]}',
    "Point": b'{"__class__":"canary_5d1f.Evil","x":1,"y":2}',
    "Colour": b'"__class__.canary_5d1f"',
    "Private": b'{"_hidden":1,"shown":"canary_5d1f","made":1,"aliased":2}',
    "IntBox": b'{"content":1,"more":[],"label":"canary_5d1f"}',
    "Movie": b'{"title":"canary_5d1f","kind":"x"}',
    "Spot": b'["canary_5d1f",{"x":1,"y":2},1.0]',
    "dt.datetime": b'"2024-01-01T00:00:00[canary_5d1f]"',
    "pathlib.Path": b'"/canary_5d1f"',
    "Decimal": b'"canary_5d1f"',
    "uuid.UUID": b'"canary_5d1f"',
    "int | Order | None": b'[1,{"canary_5d1f":1}]',
    "bytes": b'"canary_5d1f"',
    "Literal['a']": b'"canary_5d1f"',
    "list[int]": b"(lambda: canary_5d1f)()",
    "set[str]": b'["canary_5d1f","x"]',
}
PICKLED = b"cos\nsystem\n(S'true canary_5d1f'\ntR."

CHILD = """
import atexit, json, os, sys  # atexit: loaded by the first `weakref.finalize` of a process
seen, watching = [], False
def look(event, args):
    if watching:  # of other objects only the type: some are shown while they are being made
        plain = (str, bytes, int, float, list, tuple, type(None))
        seen.append((event, repr([each if type(each) in plain else type(each) for each in args])))
sys.addaudithook(look)
from typing import *
from flowing.checkpoint import *
from flowing.checkpoint.sqlite.look import read_runs, read_tasks
from flowing.errors import FlowingError
from tests.unit.checkpoint.codec.types_to_store import *
path, kind = sys.argv[1:]
codec = PickleCodec(trusted=True) if kind == "pickle" else JsonCodec()
names = json.loads(sys.stdin.read())
codecs = {} if kind == "late" else {name: codec.prepare(name, eval(name)) for name in names}
read = 0
watching = True
store = SqliteStore(path, codec=codec)
store.open()
run = store.load(accept_damage=True)
run.declaration.definitions
print(*run.damage, file=sys.stderr)
for name, saved in run.saved.items():
    one = codecs.get(name) or codec.prepare(name, eval(name))
    try:
        one.decode(saved.payload)
    except FlowingError:
        pass
    read += 1
read_runs(path)
read_tasks(path)
store.close()
watching = False
print(json.dumps([read, seen]))
"""


def write(path: Path, payloads: dict[str, bytes], codec: str = "json") -> None:
    """Make a file with these payloads, and checksums that are right: whoever writes a file can compute them."""

    class Named:
        name = codec
        prepare = JsonCodec().prepare

    store = SqliteStore(path, codec=Named())
    store.open()
    store.commit([RunBegun(CANARY, 1.0, Declaration.of(Definition(name=name, source=CANARY) for name in payloads))])
    store.commit([ResultSaved(name, payload, 0, 1) for name, payload in payloads.items()])
    store.close()


def watch(path: Path, payloads: dict[str, bytes], kind: str) -> tuple[int, list[tuple[str, str]]]:
    """Read the file in another process: how many rows were decoded, and every audit event meanwhile."""
    done = subprocess.run(
        [sys.executable, "-c", CHILD, path, kind],
        input=json.dumps(list(payloads)),
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    read, seen = json.loads(done.stdout)
    return read, [(event, arguments) for event, arguments in seen]


def complaints(seen: list[tuple[str, str]]) -> Iterator[str]:
    refused = ("import", "exec", "compile", "pickle.", "marshal.", "code.", "os.system", "subprocess", "ctypes", "eval")
    for event, arguments in seen:
        if event.startswith(refused):
            yield f"{event}{arguments}"
        if CANARY in arguments:
            yield f"{event} has text from the file: {arguments}"


def test_from_the_first_byte_to_the_last_row_nothing_is_run(tmp_path: Path) -> None:
    """[S1] [S2] No import, exec, compile or pickle; and no event's arguments hold text from the file."""
    path = tmp_path / "run.db"
    write(path, {**HOSTILE, f"\x1b[31m{CANARY}": b"damaged"})
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("UPDATE outcome SET content = x'00' WHERE content = ?", (b"damaged",))
        connection.commit()
    read, seen = watch(path, HOSTILE, "json")
    assert read == len(HOSTILE)
    assert list(complaints(seen)) == []
    assert any(event == "sqlite3.connect" for event, _ in seen), "control: the hook was looking"


@pytest.mark.parametrize(("kind", "expected"), [("pickle", "pickle.find_class"), ("late", "compile")])
def test_the_hook_sees_what_it_looks_for(tmp_path: Path, kind: str, expected: str) -> None:
    """[S1] Control: with pickle, or with plans that are made while the file is read, there is something to see."""
    path = tmp_path / "run.db"
    payloads = {"list[int]": PICKLED} if kind == "pickle" else {"Point": HOSTILE["Point"]}
    write(path, payloads, "pickle" if kind == "pickle" else "json")
    read, seen = watch(path, payloads, kind)
    assert read == 1
    assert [each for each in complaints(seen) if each.startswith(expected)]
    if kind == "pickle":
        assert [each for each in complaints(seen) if "canary" in each]


def test_importing_flowing_loads_neither_sqlite_nor_cattrs() -> None:
    """Those who have no checkpoint do not pay for it."""
    script = "import sys, flowing; print(sorted({'sqlite3', 'cattrs', 'flowing.checkpoint'} & set(sys.modules)))"
    loaded: Any = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert loaded.stdout.strip() == "[]"


def test_a_store_loads_cattrs_only_for_classes() -> None:
    script = (
        "import sys\nfrom flowing.checkpoint import *\nJsonCodec().prepare('t', list[int]).encode([1])\n"
        "print('cattrs' in sys.modules)\n"
        "import dataclasses\nJsonCodec().prepare('t', dataclasses.make_dataclass('A', [('x', int)]))\n"
        "print('cattrs' in sys.modules)"
    )
    done: Any = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "True"]
