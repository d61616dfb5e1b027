"""What a checkpoint file is made of: its tables, its mark and its versions. Only text and numbers.

A row of `outcome` or `crash` has the id `run * 2**32 + number of the task`. Every row has a checksum of all that is in
it and of whom it is about; `run.digest` is the sum of those of the run, so that a row that is gone is missed too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from flowing._record import record

if TYPE_CHECKING:
    from collections.abc import Mapping

APPLICATION_ID: Final = 0x666C6F77  # "flow"


@record
class Schema:
    """A version of the tables. `migrations[n]` are the statements that lead from version n to n + 1."""

    version: int
    tables: tuple[str, ...]
    migrations: Mapping[int, tuple[str, ...]]


CURRENT: Final = Schema(
    version=1,
    tables=(
        (
            "CREATE TABLE run (number INTEGER PRIMARY KEY, run_id TEXT NOT NULL UNIQUE, began_s REAL NOT NULL, "
            "codec TEXT NOT NULL, epoch INTEGER NOT NULL, finished INTEGER NOT NULL, openings INTEGER NOT NULL, "
            "commits INTEGER NOT NULL, digest INTEGER NOT NULL, checksum INTEGER NOT NULL)"
        ),
        "CREATE TABLE declaration (run INTEGER PRIMARY KEY, content BLOB NOT NULL, checksum INTEGER NOT NULL)",
        (
            "CREATE TABLE outcome (id INTEGER PRIMARY KEY, task TEXT NOT NULL, head BLOB NOT NULL, "
            "content BLOB NOT NULL, checksum INTEGER NOT NULL)"
        ),
        "CREATE TABLE crash (id INTEGER PRIMARY KEY, crashes INTEGER NOT NULL, checksum INTEGER NOT NULL)",
    ),
    migrations={},
)

NUMBERS: Final = 2**32

BEGIN_RUN: Final = "INSERT INTO run VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
UPDATE_RUN: Final = (
    "UPDATE run SET epoch = ?, finished = ?, openings = ?, commits = ?, digest = ?, checksum = ? WHERE number = ?"
)
SAVE_DECLARATION: Final = "INSERT OR REPLACE INTO declaration VALUES (?, ?, ?)"
SAVE_OUTCOME: Final = "INSERT OR REPLACE INTO outcome VALUES (?, ?, ?, ?, ?)"
COLUMNS: Final = 5  # of `outcome`
# How many rows go into one statement, at most 640 values of the 999 that any SQLite takes; and the statement for each.
AT_ONCE: Final = (128, 64, 32, 16, 8, 4, 2, 1)
SAVE_OUTCOMES: Final = tuple([(rows * COLUMNS, SAVE_OUTCOME + ", (?, ?, ?, ?, ?)" * (rows - 1)) for rows in AT_ONCE])
SAVE_CRASH: Final = "INSERT OR REPLACE INTO crash VALUES (?, ?, ?)"
DROP_CRASH: Final = "DELETE FROM crash WHERE id = ?"

NEXT_NUMBER: Final = "SELECT coalesce(max(number), 0) + 1 FROM run"
RUNS: Final = "SELECT * FROM run ORDER BY number"
NEWEST_RUN: Final = "SELECT * FROM run ORDER BY number DESC LIMIT 1"
RUN_BY_ID: Final = "SELECT * FROM run WHERE run_id = ?"
DECLARATION: Final = "SELECT content, checksum FROM declaration WHERE run = ?"
OUTCOMES: Final = "SELECT * FROM outcome WHERE id >= ? AND id < ? ORDER BY id"
CRASHES: Final = "SELECT * FROM crash WHERE id >= ? AND id < ? ORDER BY id"
FORGET: Final = (
    "DELETE FROM crash WHERE id >= :first AND id < :after",
    "DELETE FROM outcome WHERE id >= :first AND id < :after",
    "DELETE FROM declaration WHERE run = :number",
    "DELETE FROM run WHERE number = :number",
)
