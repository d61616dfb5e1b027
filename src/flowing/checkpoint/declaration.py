"""How the tasks of a flow are declared, as data to store, and what differs between two declarations (D14). Pure."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any, Final, TypeAlias, final

from attrs import field

from flowing._record import record
from flowing._text import one_line
from flowing.errors import CheckpointCorrupt

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence


_Takes: TypeAlias = "tuple[tuple[str, str], ...] | None"


@record(kw_only=True)
class Definition:
    """What is stored of a task's declaration.

    `source` is a hash of its function, which can't see what that calls, written `compiler:hash`.

    `fingerprint` and `shown_type` are the codec's; 0 and "" where the task stores no result.

    `takes` says which parameter takes the value of which dependency, in pairs; what `**` takes is written with the two
    stars, and comes in order. `constants` is a hash of the other arguments, "" where there is none. Both are None where
    the flowing that stored it did not look.
    """

    name: str
    dependencies: tuple[str, ...] = ()
    fingerprint: int = 0
    shown_type: str = ""
    version: str | None = None
    source: str | None = None
    takes: _Takes = None
    constants: str | None = None


@final
@record
class Declaration:
    """The declarations of all tasks of a flow. Two that are equal have equal `content`: bytes, written canonically."""

    content: bytes = field(repr=False)

    @classmethod
    def of(cls, definitions: Iterable[Definition]) -> Declaration:
        """Write down definitions: a line with the names, and a line with the rest. O(tasks + edges).

        Two calls of `json` for all tasks, so that it costs less than a microsecond a task.
        """
        listed = tuple(definitions)
        rest = [
            (
                each.dependencies,
                each.fingerprint,
                each.shown_type,
                each.version,
                each.source,
                each.takes,
                each.constants,
            )
            for each in listed
        ]
        return cls(_write([each.name for each in listed]) + b"\n" + _write(rest))

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the tasks, in order. O(tasks). Raises CheckpointCorrupt, as `definitions` does."""
        names = _read(self.content.partition(b"\n")[0])
        if not _ONLY_STR.issuperset(map(type, names)) or len(set(names)) != len(names):
            raise CheckpointCorrupt(_UNREADABLE)
        return tuple(names)

    @property
    def definitions(self) -> tuple[Definition, ...]:
        """The declarations, in order. O(tasks + edges).

        Raises:
            CheckpointCorrupt: the bytes are not what `of` writes.
        """
        rest = _read(self.content.partition(b"\n")[2])
        try:
            return tuple([_definition(name, each) for name, each in zip(self.names, rest, strict=True)])
        except (TypeError, ValueError):
            raise CheckpointCorrupt(_UNREADABLE) from None

    def merged_with(self, later: Declaration) -> Declaration:
        """Give the tasks of both: each as `later` says where it does, in the order of this one, new ones last."""
        if later.content == self.content:
            return self
        by_name = {each.name: each for each in self.definitions}
        by_name.update({each.name: each for each in later.definitions})
        return Declaration.of(by_name.values())

    def defined_otherwise(self, stored: Declaration) -> dict[str, Definition]:
        """Give what `stored` has of tasks of this one that it defines differently, by name. O(tasks + edges)."""
        present = {each.name: each for each in self.definitions}
        return {each.name: each for each in stored.definitions if present.get(each.name, each) != each}

    def with_earlier(self, definitions: Mapping[str, Definition]) -> Declaration:
        """Give the same tasks, some of them as they were defined earlier. O(1) if none is."""
        if not definitions:
            return self
        return Declaration.of([definitions.get(each.name, each) for each in self.definitions])


def _write(rows: Sequence[object]) -> bytes:
    text = json.dumps(rows, ensure_ascii=False, check_circular=False, separators=(",", ":"))  # writes no line break
    return text.encode("utf-8", "surrogatepass")


def _read(content: bytes) -> list[Any]:
    try:
        found: Any = json.loads(content.decode("utf-8", "surrogatepass"))
    except (ValueError, RecursionError):
        found = None
    if found.__class__ is not list:
        raise CheckpointCorrupt(_UNREADABLE)
    rows: list[Any] = found
    return rows


def _definition(name: str, row: Any) -> Definition:  # noqa: ANN401 - as it was read
    """Make a definition of what JSON has of it. Raises TypeError or ValueError if it is something else."""
    dependencies, fingerprint, shown, version, source, *more = row
    takes, constants = more or (None, None)
    made = Definition(
        name=name,
        dependencies=tuple(dependencies),
        fingerprint=fingerprint,
        shown_type=shown,
        version=version,
        source=source,
        takes=None if takes is None else tuple([(parameter, needed) for parameter, needed in takes]),
        constants=constants,
    )
    pairs = [text for pair in made.takes or () for text in pair]
    optional = [each for each in (version, source, constants) if each is not None]
    texts = (*made.dependencies, made.shown_type, *optional, *pairs)
    if not _ONLY_STR.issuperset(map(type, texts)) or (type(dependencies), type(fingerprint)) != (list, int):
        raise TypeError
    if takes is not None and type(takes) is not list:
        raise TypeError
    return made


_UNREADABLE: Final = (
    "how the tasks were declared can't be read; restore a copy of the checkpoint, or begin anew with run()"
)
_ONLY_STR: Final[frozenset[object]] = frozenset({str})


@record
class Changed:
    """A task that is declared differently, and in which ways, in words. `is_readable`: its result still is."""

    task: str
    ways: tuple[str, ...]
    is_readable: bool = True


@record
class Differences:
    """What differs between the stored declaration and the present one. Names are in the order of their declaration.

    `source_changed` and `constants_changed` are for a warning. No task is in more than one of them and `changed`.
    """

    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    changed: tuple[Changed, ...] = ()
    source_changed: tuple[str, ...] = ()
    constants_changed: tuple[str, ...] = ()

    def describe(self) -> tuple[str, ...]:
        """Say it in one line each, what matters most first."""
        return (
            *[f"task {_quoted(each.task)} changed: {'; '.join(each.ways)}" for each in self.changed],
            *[f"task {_quoted(name)} was removed" for name in self.removed],
            *[f"task {_quoted(name)} is new" for name in self.added],
            *[f"the code of task {_quoted(name)} changed" for name in self.source_changed],
            *[f"a default or a bound value of task {_quoted(name)} changed" for name in self.constants_changed],
        )


NO_DIFFERENCES: Final = Differences()


def changes_between(stored: Declaration, declared: Declaration) -> Differences:
    """Compare what was stored with what is declared now. O(tasks + edges), and O(bytes) where nothing changed."""
    if stored.content == declared.content:
        return NO_DIFFERENCES
    before = {each.name: each for each in stored.definitions}
    after = {each.name: each for each in declared.definitions}
    changed: list[Changed] = []
    source_changed: list[str] = []
    constants_changed: list[str] = []
    for name, definition in after.items():
        earlier = before.get(name)
        if earlier is None or earlier == definition:
            continue
        ways = _ways(earlier, definition)
        if ways:
            changed.append(Changed(name, ways, is_readable=not _is_other_type(earlier, definition)))
        elif _is_other_code(earlier.source, definition.source):
            source_changed.append(name)
        elif None not in (earlier.constants, definition.constants) and earlier.constants != definition.constants:
            constants_changed.append(name)
    return Differences(
        added=tuple([name for name in after if name not in before]),
        removed=tuple([name for name in before if name not in after]),
        changed=tuple(changed),
        source_changed=tuple(source_changed),
        constants_changed=tuple(constants_changed),
    )


def _is_other_type(before: Definition, after: Definition) -> bool:
    """Tell whether a result that was stored is expected to be of another type now."""
    return before.fingerprint != after.fingerprint and bool(before.shown_type and after.shown_type)


def _is_other_code(before: str | None, after: str | None) -> bool:
    """Tell whether two hashes are of different code. Those of different compilers can't tell."""
    if before is None or after is None:
        return before is not after
    return before != after and before.rpartition(":")[0] == after.rpartition(":")[0]


def _ways(before: Definition, after: Definition) -> tuple[str, ...]:
    ways = [*_dependencies(before.dependencies, after.dependencies)] or [*_takers(before.takes, after.takes)]
    if before.fingerprint != after.fingerprint:
        ways.append(_types(before.shown_type, after.shown_type))
    if before.version != after.version:
        ways.append(f"its version was {_shown(before.version)} and is {_shown(after.version)}")
    return tuple(ways)


def _dependencies(before: Sequence[str], after: Sequence[str]) -> Iterator[str]:
    """Say which came and went. Their order means nothing."""
    gone, new = Counter(before) - Counter(after), Counter(after) - Counter(before)
    said = [f"it does not depend on {_listed(gone)} any more"] if gone else []
    said += [f"it depends on {_listed(new)} now"] if new else []
    if said:
        yield " and ".join(said)


def _takers(before: _Takes, after: _Takes) -> Iterator[str]:
    """Say which parameter takes another dependency, where both are known."""
    if before is None or after is None or before == after:
        return
    old, new = dict(before), dict(after)
    others = [each for each in dict.fromkeys([*new, *old]) if old.get(each) != new.get(each)]
    for parameter in others[:_LISTED_MAX]:
        was, now = (_quoted(each[parameter]) if parameter in each else "none" for each in (old, new))
        yield f"its parameter {_quoted(parameter)} took {was} and takes {now}"
    if len(others) > _LISTED_MAX:
        yield f"{len(others) - _LISTED_MAX} more of its parameters take others"
    if old == new and _starred(before) != _starred(after):
        yield "its **keywords come in another order"


def _starred(takes: Iterable[tuple[str, str]]) -> list[str]:
    return [parameter for parameter, _ in takes if parameter.startswith("**")]


_LISTED_MAX: Final = 5


def _listed(names: Mapping[str, int]) -> str:
    shown = ", ".join(_quoted(name) for name in list(names)[:_LISTED_MAX])
    left = len(names) - _LISTED_MAX
    return f"{shown} and {left} more" if left > 0 else shown


def _types(before: str, after: str) -> str:
    if not before:
        return f"its result, of type {one_line(after)}, was not stored before"
    if not after:
        return f"its result, of type {one_line(before)}, is not stored any more"
    if before == after:
        return f"the type {one_line(after)} itself changed"
    return f"its type was {one_line(before)} and is {one_line(after)}"


def _shown(version: str | None) -> str:
    return "not given" if version is None else _quoted(version)


def _quoted(text: str) -> str:
    return f"'{one_line(text, length_max=200)}'"
