"""`flowing.check`, a plain mypy assignment and the mypy plugin agree on whether a value fits where it goes.

Pairs of types are generated from a seed. Each becomes a function that makes the one and an assignment to the other
(`x: Consumer = producer()`, the reference), and two tasks with an edge between them. `AGREEMENT_SEED` and
`AGREEMENT_PAIRS` in the environment search elsewhere, and longer.
"""

from __future__ import annotations

import importlib.util
import os
import random
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal, NamedTuple, TypeAlias

import pytest
from mypy import api

from flowing import Flow
from flowing._check.check import CheckedWiring, check

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

Answer: TypeAlias = Literal["fits", "misfit", "unchecked"]

SEED: Final = int(os.environ.get("AGREEMENT_SEED", "1"))
COUNT: Final = int(os.environ.get("AGREEMENT_PAIRS", "600"))
MENAGERIE: Final = Path(__file__).with_name("menagerie.py").read_text(encoding="utf-8")


class Pair(NamedTuple):
    """A type that a task makes, and the annotation of the parameter that takes it."""

    made: str
    taken: str


def words(text: str) -> list[str]:
    return text.split()


# ── what is left to checkers, and why ────────────────────────────────────────────────────────────

# What `flowing.check` leaves to checkers: the reason it gives, and the reason why that is right.
UNCHECKED: Final[Mapping[str, str]] = {
    r"whether .* fits the protocol .* is known only to a type checker": (
        "the members of a protocol have signatures and variance, and an instance has attributes that its class does "
        "not show; only a special method that is not there is proof"
    ),
    r"whether .* is known only to a type checker": (
        "a stub may say more than Python: TextIOWrapper is a TextIO, a class is called as its __init__ says, a "
        "registered class may or may not be a base; and mypy takes an enum of one member for that member only in unions"
    ),
    r"whether .* may vary to .* is inferred only by a type checker": (
        "some classes (asyncio.Queue) and those with the new syntax for type parameters don't say their variance"
    ),
    r"the type alias .* is a string, which is not evaluated": "only equal to itself: it may lead back to itself",
    r".* can't be compared at run time": "LiteralString: mypy takes it for str, the others don't",
    r'".*" is closed or has read-only items, which are not compared at run time': "not every checker reads them",
}
UNCHECKED_MAX: Final = 0.08

# What the plugin passes though an assignment does not, by what is made. One that is no exception any more has to go.
PLUGIN_EXCEPTIONS: Final[Mapping[str, str]] = {
    "types.ModuleType": (
        "typeshed gives a module every attribute, as Any, and so those of a Coroutine, which is a protocol there: "
        "mypy takes the function for an async one whose result is Any"
    ),
}


# ── pairs of types ───────────────────────────────────────────────────────────────────────────────

# Pairs that a search found to be judged differently, once.
NAMED: Final = [
    Pair("types.ModuleType", "memoryview"),  # a module has any attribute, and so those of a Coroutine
    Pair("types.ModuleType", "abc.Container[int]"),
    Pair("types.ModuleType", "abc.Generator[int, None, None]"),  # a protocol in typeshed, a class in Python
    Pair("Only", "Literal[Only.ONE]"),  # to mypy the same inside unions alone
    Pair("typing.Optional[Only]", "Literal[Only.ONE, None]"),
    Pair("enum.Enum", "abc.Mapping[int, str] | tuple[int]"),  # an enum without members has no value that does not fit
    Pair("types.MappingProxyType[bool, int]", "types.MappingProxyType[object, int]"),  # covariant in its keys
    Pair("abc.Awaitable[int]", "abc.Hashable"),  # a protocol has what it lists, not what every object has
    Pair("abc.Generator[int, None, None]", "abc.Hashable"),
    Pair("type[bool]", "abc.Hashable"),
]

LEAVES: Final = words("""
int float complex bool str bytes bytearray None object Any Never Animal Dog Puppy Stone Fact DogBox Ints Colour Level
Only Tone Point Spot Pair Untyped UserId AdminId Names Titled Movie Film FilmOfReal Loose Half Other Called Classy
Text range list dict tuple type Box pathlib.Path pathlib.PurePath datetime.date datetime.datetime decimal.Decimal
Literal[1] Literal[2] Literal['a'] Literal['a','b'] Literal[True] Literal[True,False] Literal[Colour.RED]
Literal[Colour.RED,Colour.GREEN] Literal[Only.ONE] Literal[Level.LOW] Literal[None] Literal[1,'a',None] Literal[b'x']
tuple[()] abc.Sized abc.Hashable abc.Callable[...,Any] PairBox[int] typing.Text typing.List typing.Hashable
""")
RARE: Final = words("""
Feeds Lengthy Gives[int] Sealed Json Resource Meta memoryview io.TextIOWrapper typing.TextIO typing.IO[str] slice
typing.SupportsInt typing.SupportsFloat typing.SupportsAbs[int] typing.LiteralString types.FunctionType
types.ModuleType contextlib.AbstractContextManager[Resource] BaseException asyncio.Queue[int] enum.Enum Exception
""")
GENERIC: Final = [
    *(f"{name}[0]" for name in words("list set frozenset abc.Sequence abc.Iterable abc.Collection abc.Set")),
    *(f"{name}[0]" for name in words("abc.MutableSequence abc.Iterator abc.Reversible abc.Container Several")),
    *(f"{name}[0]" for name in words("abc.MutableSet collections.deque collections.Counter Box Source Sink Shelf")),
    *(f"{name}[0]" for name in words("Crate Couple PairBox typing.List typing.Sequence typing.Optional type")),
    *(f"{name}[0]" for name in words("abc.Awaitable abc.KeysView abc.ValuesView asyncio.Queue asyncio.Future")),
    *(f"{name}[0, 1]" for name in words("dict abc.Mapping abc.MutableMapping collections.defaultdict tuple")),
    *(f"{name}[0, 1]" for name in words("collections.OrderedDict abc.ItemsView types.MappingProxyType typing.Union")),
    "tuple[0]",
    "tuple[0, ...]",
    "tuple[0, 1, 0]",
    "abc.Callable[[0], 1]",
    "abc.Callable[[], 0]",
    "abc.Callable[..., 0]",
    "abc.Callable[[0, 1], None]",
    "abc.Generator[0, 1, None]",
    "Annotated[0, 'metres']",
    "0 | 1",
    "0 | None",
]
CLASSES: Final = words("int bool float str Animal Dog Puppy Classy Colour Any object Box[int] Point")  # type[...]
MEANINGLESS: Final = re.compile(r"type\[Literal|type\[typing|IO\[(?!str\])")  # no type to mypy

# what a type can be widened to: as a rule it fits there
WIDER: Final[Mapping[str, str]] = {
    "list": "abc.MutableSequence abc.Sequence abc.Iterable abc.Collection abc.Reversible",
    "set": "abc.Set abc.MutableSet abc.Collection abc.Iterable abc.Container",
    "frozenset": "abc.Set abc.Iterable",
    "dict": "abc.Mapping abc.MutableMapping",
    "collections.defaultdict": "dict abc.Mapping",
    "collections.OrderedDict": "dict abc.MutableMapping",
    "collections.deque": "abc.MutableSequence abc.Sequence",
    "abc.Sequence": "abc.Iterable abc.Collection abc.Container",
    "abc.Iterator": "abc.Iterable",
    "Crate": "abc.Sequence abc.Iterable",
    "Source": "Gives",
    "Box": "Source",
    "Several": "list abc.Sequence",
    "bool": "int float complex Literal[True,False]",
    "int": "float complex",
    "float": "complex",
    "Puppy": "Dog Animal Feeds",
    "Dog": "Animal Puppy",
    "Level": "int float enum.Enum Literal[Level.LOW,Level.HIGH]",
    "Colour": "enum.Enum Literal[Colour.RED,Colour.GREEN]",
    "Only": "Literal[Only.ONE]",
    "Tone": "str abc.Sequence[str]",
    "UserId": "int float AdminId",
    "AdminId": "UserId int",
    "Names": "list[str] abc.Sequence[str]",
    "Movie": "Titled Film abc.Mapping[str,object] dict[str,object]",
    "Film": "Movie Titled FilmOfReal Half Other abc.Mapping[str,Any]",
    "Half": "Other Titled Film",
    "Other": "Half Titled",
    "Point": "tuple[int,str] tuple[object,...] Spot tuple abc.Sequence[int|str] tuple[int,int]",
    "Spot": "Point tuple[int,str]",
    "Pair": "tuple[int,str] tuple[int,...] abc.Sequence[object]",
    "Untyped": "tuple[Any,Any] tuple[int,str] tuple[int]",
    "Ints": "list[int] abc.Sequence[float] list[float] list",
    "DogBox": "Box[Dog] Box[Animal] Box",
    "str": "abc.Sequence[str] abc.Iterable[str] Text abc.Hashable abc.Sized",
    "bytes": "abc.Sequence[int] bytearray",
    "bytearray": "bytes abc.MutableSequence[int]",
    "range": "abc.Sequence[int] abc.Sequence[float]",
    "pathlib.Path": "pathlib.PurePath",
    "datetime.datetime": "datetime.date",
    "Called": "abc.Callable[[int],str] abc.Callable[...,Any]",
    "tuple[()]": "tuple[int,...] abc.Sequence[Never]",
    "typing.TextIO": "typing.IO[str]",
    "io.TextIOWrapper": "typing.TextIO",
    "decimal.Decimal": "float object",
    "PairBox": "Box",
}


class Generator:
    """Makes pairs from one seed."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def pairs(self, count: int) -> list[Pair]:
        """Make pairs, each once: half of them of types that have to do with each other."""
        pairs: dict[Pair, None] = {}
        while len(pairs) < count:
            made = self.type()
            way = self.random.random()
            if way < 0.3:
                pair = Pair(made, self.type())
            elif way < 0.85:
                pair = Pair(made, self.relative(made))
            else:
                pair = Pair(self.relative(made), made)
            if not any(MEANINGLESS.search(each) for each in pair):
                pairs[pair] = None
        return list(pairs)

    def type(self, depth: int = 0) -> str:
        """Make a type; the deeper, the simpler."""
        way = self.random.random()
        if way < 0.06 and not depth:
            return self.random.choice(RARE)
        if depth >= 2 or way < 0.4:
            return self.random.choice(LEAVES)
        return self._fill(self.random.choice(GENERIC), lambda: self.type(depth + 1))

    def _fill(self, shape: str, argument: Callable[[], str]) -> str:
        if shape == "type[0]":
            return f"type[{self.random.choice(CLASSES)}]"
        head, *rest = re.split(r"\b([01])\b", shape)
        arguments = {number: argument() for number in "01"}
        if " | " in shape:  # a union of two strings is no type, and `None | None` is an error at run time
            arguments = {number: f"typing.Union[{each}]" for number, each in arguments.items()}
        return head + "".join(arguments.get(part, part) for part in rest)

    def relative(self, made: str) -> str:
        """Make a type out of another one by changing a part or two."""
        for _ in range(self.random.choice((1, 1, 2))):
            made = self.random.choice((self._wider, self._wider, self._wider, self._swapped, self._optional))(made)
        return made

    def _wider(self, made: str) -> str:
        names = [match for match in re.finditer(r"[\w.]+(\[\(\)\])?", made) if match.group() in WIDER]
        if not names:
            return self._optional(made)
        match = self.random.choice(names)
        wider = self.random.choice(WIDER[match.group()].split())
        if "[" in wider and made[match.end() : match.end() + 1] == "[":
            return made
        return made[: match.start()] + wider + made[match.end() :]

    def _swapped(self, made: str) -> str:
        names = list(re.finditer(r"(?<!Literal\[)\b(int|str|Dog|Animal|float|bool)\b", made))
        if not names:
            return made
        match = self.random.choice(names)
        return made[: match.start()] + self.random.choice(("object", "Any", "int", "Dog")) + made[match.end() :]

    def _optional(self, made: str) -> str:
        return self.random.choice((f"typing.Optional[{made}]", f"typing.Union[str, {made}]", made))


# ── what each of the three says ──────────────────────────────────────────────────────────────────


def by_mypy_assignment(pairs: Sequence[Pair], folder: Path) -> list[bool]:
    """Let mypy judge `x: Consumer = producer()`, in one run."""
    blocks = [
        f"def make_{number}() -> {made}:\n    raise NotImplementedError\n"
        f"def assign_{number}() -> None:\n    x: {taken} = make_{number}()\n"
        for number, (made, taken) in enumerate(pairs)
    ]
    # That a function returns nothing but None is a complaint of its own, which says nothing of what fits.
    return _mypy(blocks, folder / "assignments.py", "assignment", "[mypy]\ndisable_error_code = func-returns-value\n")


def by_mypy_plugin(pairs: Sequence[Pair], folder: Path) -> list[bool]:
    """Let the plugin judge an edge between two tasks, in one run."""
    return _mypy(_tasks(pairs), folder / "plugged.py", "flowing-wiring", "[mypy]\nplugins = flowing.mypy_plugin\n")


def _mypy(blocks: Sequence[str], file: Path, code: str, options: str) -> list[bool]:
    """Say for each block whether mypy has nothing against it; anything but errors of this code is a mistake here."""
    before = f"{MENAGERIE}\nfrom flowing import task\n"
    file.write_text(before + "".join(blocks), encoding="utf-8")
    config = file.with_suffix(".ini")
    config.write_text(options, encoding="utf-8")
    output, errors, _ = api.run(
        [f"--config-file={config}", f"--cache-dir={file.parent / 'cache'}", "--no-error-summary", str(file)]
    )
    assert not errors
    wrong: set[int] = set()
    for line, kind, message, of in re.findall(
        r"^[^:\n]+:(\d+): (\w+): (.*?)(?:  \[([\w-]+)\])?$", output, re.MULTILINE
    ):
        assert kind == "note" or of == code, (message, file.read_text().splitlines()[int(line) - 1])
        if kind == "error":
            wrong.add(int(line))
    fits: list[bool] = []
    first = before.count("\n") + 1
    for block in blocks:
        after = first + block.count("\n")
        fits.append(wrong.isdisjoint(range(first, after)))
        first = after
    return fits


def _tasks(pairs: Sequence[Pair]) -> list[str]:
    return [
        f"@task\ndef make_{number}() -> {made}:\n    raise NotImplementedError\n"
        f"@task(depends_on=[make_{number}])\ndef take_{number}(make_{number}: {taken}) -> None: ...\n"
        for number, (made, taken) in enumerate(pairs)
    ]


def by_check(pairs: Sequence[Pair], folder: Path) -> tuple[list[Answer], CheckedWiring]:
    """Let `flowing.check` judge a flow of all pairs."""
    file = folder / "imported.py"
    takers = ", ".join(f"take_{number}" for number in range(len(pairs)))
    text = f"{MENAGERIE}\nfrom flowing import Flow, task\n{''.join(_tasks(pairs))}flow = Flow({takers})\n"
    file.write_text(text, encoding="utf-8")
    spec = importlib.util.spec_from_file_location("imported_pairs", file)
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules[spec.name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert isinstance(module.flow, Flow)
    found = check(module.flow)
    wrong, unchecked = {each.task for each in found.findings}, {each.task for each in found.unchecked}

    def answer(task: str) -> Answer:
        if task in wrong:
            return "misfit"
        return "unchecked" if task in unchecked else "fits"

    return [answer(f"take_{number}") for number in range(len(pairs))], found


# ── the figures ──────────────────────────────────────────────────────────────────────────────────


class Judged(NamedTuple):
    """Every pair with what was said of it; `messages` are the reasons of what is unchecked, by number."""

    pairs: list[Pair]
    assignment: list[bool]
    plugin: list[bool]
    check: list[Answer]
    reasons: dict[int, str]


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> Judged:
    folder = tmp_path_factory.mktemp("pairs")
    pairs = list(dict.fromkeys([*NAMED, *Generator(SEED).pairs(COUNT)]))
    answers, found = by_check(pairs, folder)
    reasons = {int(each.task.removeprefix("take_")): each.message.partition(": ")[2] for each in found.unchecked}
    return Judged(pairs, by_mypy_assignment(pairs, folder), by_mypy_plugin(pairs, folder), answers, reasons)


def test_check_agrees_with_mypy_on_every_pair_that_it_decides(judged: Judged) -> None:
    """[G7] Each pair is one edge of one flow; the reference is `x: Consumer = producer()`."""
    rows = zip(judged.pairs, judged.check, judged.assignment, strict=True)
    assert [row for row in rows if row[1] != "unchecked" and (row[1] == "fits") != row[2]] == []


def test_the_plugin_agrees_with_mypy_on_every_pair_but_the_exceptions(judged: Judged) -> None:
    """[G7] And has no answer but yes and no."""
    rows = zip(judged.pairs, judged.plugin, judged.assignment, strict=True)
    unlike = [row for row in rows if row[1] is not row[2]]
    assert [row for row in unlike if row[0].made not in PLUGIN_EXCEPTIONS] == []
    assert {pair.made for pair, _, _ in unlike} == set(PLUGIN_EXCEPTIONS)


def test_what_is_unchecked_is_a_small_part_and_each_has_a_listed_reason(judged: Judged) -> None:
    assert len(judged.reasons) <= UNCHECKED_MAX * len(judged.pairs)
    assert [why for why in judged.reasons.values() if not any(re.fullmatch(each, why) for each in UNCHECKED)] == []


def test_there_are_enough_pairs_of_both_kinds(judged: Judged) -> None:
    """The control: a generator of nothing but misfits, or a run that finds none, would agree with itself."""
    assert len(judged.pairs) >= 300
    assert min(judged.check.count("fits"), judged.check.count("misfit")) >= 100
    assert min(judged.assignment.count(True), judged.assignment.count(False)) >= 100


@pytest.mark.parametrize(
    ("pair", "answer"),
    [
        (Pair("list[bool]", "list[int]"), "misfit"),
        (Pair("list[bool]", "abc.Sequence[int]"), "fits"),
        (Pair("Source[int]", "Gives[int]"), "unchecked"),
    ],
)
def test_each_answer_is_possible(pair: Pair, answer: Answer, tmp_path: Path) -> None:
    """The control of the test itself: the same way of asking, for answers that are known."""
    assert by_check([pair], tmp_path)[0] == [answer]
