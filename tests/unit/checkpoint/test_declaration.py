"""What is stored of how tasks are declared, and what is said when it changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from flowing.checkpoint import Declaration, Definition, Differences, changes_between
from flowing.checkpoint.wording import flow_changed
from flowing.errors import CheckpointCorrupt

if TYPE_CHECKING:
    from collections.abc import Sequence

LOAD = Definition(name="load", fingerprint=1, shown_type="int", version="1", source="a")
CLEAN = Definition(name="clean", dependencies=("load",), fingerprint=2, shown_type="str", source="b")

TEXTS = st.text(st.characters(exclude_categories=()), max_size=10)
DEFINITIONS = st.lists(
    st.builds(
        Definition,
        name=TEXTS,
        dependencies=st.lists(TEXTS, max_size=3).map(tuple),
        fingerprint=st.integers(-(2**63), 2**63 - 1),
        shown_type=TEXTS,
        version=st.none() | TEXTS,
        source=st.none() | TEXTS,
        takes=st.none() | st.lists(st.tuples(TEXTS, TEXTS), max_size=3, unique_by=lambda pair: pair[0]).map(tuple),
        constants=st.none() | TEXTS,
    ),
    unique_by=lambda each: each.name,
    max_size=6,
)


@given(DEFINITIONS)
def test_definitions_come_back_as_they_were_written(definitions: Sequence[Definition]) -> None:
    declaration = Declaration.of(definitions)
    assert declaration.definitions == tuple(definitions)
    assert declaration.names == tuple(each.name for each in definitions)
    assert Declaration.of(declaration.definitions) == declaration
    assert changes_between(declaration, declaration) == Differences()


@given(DEFINITIONS, DEFINITIONS)
def test_a_merge_has_both_and_keeps_the_places(before: Sequence[Definition], after: Sequence[Definition]) -> None:
    """The number of a task is its place, and rows in the file have the number."""
    merged = Declaration.of(before).merged_with(Declaration.of(after))
    names = [each.name for each in before]
    assert merged.names == (*names, *[each.name for each in after if each.name not in names])
    assert {each.name: each for each in merged.definitions} == {each.name: each for each in (*before, *after)}


@given(DEFINITIONS, DEFINITIONS)
def test_differences_are_those_of_a_dumb_comparison(before: Sequence[Definition], after: Sequence[Definition]) -> None:
    """[P16] Nothing is missed, and nothing is said twice."""
    found = changes_between(Declaration.of(before), Declaration.of(after))
    old, new = {each.name: each for each in before}, {each.name: each for each in after}
    assert found.added == tuple(name for name in new if name not in old)
    assert found.removed == tuple(name for name in old if name not in new)
    said = [each.task for each in found.changed]
    for name in (name for name in new if name in old):
        one, two = old[name], new[name]
        assert (name in said) == (not same(one, two))
        if name not in said:
            assert (name in found.source_changed) == (one.source != two.source)


def same(one: Definition, two: Definition) -> bool:
    """Tell whether a result of one is a result of the other, but for the code."""
    if (sorted(one.dependencies), one.fingerprint, one.version) != (
        sorted(two.dependencies),
        two.fingerprint,
        two.version,
    ):
        return False
    if one.takes is None or two.takes is None:
        return True
    starred = [[each for each in takes if each[0].startswith("**")] for takes in (one.takes, two.takes)]
    return (sorted(one.takes), starred[0]) == (sorted(two.takes), starred[1])


WAYS = [
    ({"dependencies": ("load", "users")}, "it depends on 'users' now"),
    ({"dependencies": ()}, "it does not depend on 'load' any more"),
    ({"dependencies": ("users",)}, "it does not depend on 'load' any more and it depends on 'users' now"),
    ({"dependencies": tuple("abcdefg")}, "'a', 'b', 'c', 'd', 'e' and 2 more now"),
    ({"fingerprint": 3, "shown_type": "list[str]"}, "its type was str and is list[str]"),
    ({"fingerprint": 3}, "the type str itself changed"),
    ({"fingerprint": 0, "shown_type": ""}, "its result, of type str, is not stored any more"),
    ({"version": "2"}, "its version was not given and is '2'"),
]


@pytest.mark.parametrize(("change", "said"), WAYS, ids=range(len(WAYS)))
def test_each_way_to_change_is_said_in_words(change: dict[str, object], said: str) -> None:
    """[P16] What was, and what is."""
    changed = evolve(CLEAN, **change)  # type: ignore[arg-type]
    found = changes_between(Declaration.of([LOAD, CLEAN]), Declaration.of([LOAD, changed]))
    assert [each.task for each in found.changed] == ["clean"]
    (line,) = found.describe()
    assert line.startswith("task 'clean' changed: ")
    assert said in line


def between(before: Definition, after: Definition) -> Differences:
    return changes_between(Declaration.of([before]), Declaration.of([after]))


def test_the_order_of_dependencies_is_no_difference() -> None:
    """Each has its parameter, or is waited for and no more."""
    takes = (("a", "a"), ("b", "b"))
    before = evolve(CLEAN, dependencies=("a", "b", "c"), takes=takes)
    assert between(before, evolve(before, dependencies=("c", "b", "a"), takes=takes[::-1])) == Differences()


TAKEN = [
    ((("x", "a"), ("y", "b")), (("x", "b"), ("y", "a")), ["'x' took 'a' and takes 'b'", "'y' took 'b' and takes 'a'"]),
    ((("x", "a"),), (("x", "a"), ("y", "b")), ["'y' took none and takes 'b'"]),
    ((("x", "a"), ("y", "b")), (("x", "a"),), ["'y' took 'b' and takes none"]),
    ((("*0", "a"), ("*1", "b")), (("*0", "b"), ("*1", "a")), ["'*0' took 'a' and takes 'b'", "'*1' took 'b'"]),
    (
        tuple([(f"p{n}", "a") for n in range(9)]),
        tuple([(f"p{n}", "b") for n in range(9)]),
        [*[f"'p{n}' took 'a' and takes 'b'" for n in range(5)], "4 more of its parameters take others"],
    ),
    ((("**a", "a"), ("**b", "b")), (("**b", "b"), ("**a", "a")), ["its **keywords come in another order"]),
]


@pytest.mark.parametrize(("before", "after", "said"), TAKEN, ids=range(len(TAKEN)))
def test_which_parameter_takes_which_dependency_is_a_difference(
    before: tuple[tuple[str, str], ...], after: tuple[tuple[str, str], ...], said: list[str]
) -> None:
    """[P16] The same tasks in other places make another value."""
    clean = evolve(CLEAN, dependencies=("a", "b"), takes=before)
    (changed,) = between(clean, evolve(clean, takes=after)).changed
    assert len(changed.ways) == len(said)
    assert all(part in way for part, way in zip(said, changed.ways, strict=True))
    assert between(clean, evolve(clean, takes=None)) == Differences(), "nothing is said where nothing is known"


def test_other_constants_are_for_a_warning() -> None:
    """Unless one of the two was stored by a flowing that did not look at them, or more is to be said."""
    before = evolve(LOAD, constants="aa")
    found = between(before, evolve(before, constants="bb"))
    assert found == Differences(constants_changed=("load",))
    assert found.describe() == ("a default or a bound value of task 'load' changed",)
    assert between(before, evolve(before, constants=None)) == Differences()
    assert between(before, evolve(before, constants="bb", source="c")) == Differences(source_changed=("load",))


def test_what_was_written_before_parameters_were_is_read() -> None:
    """And as it is written now, for ever."""
    old = Declaration(b'["clean"]\n[[["load"],2,"str",null,"b"]]')
    assert old.definitions == (CLEAN,)
    new = Declaration(b'["clean"]\n[[["load"],2,"str",null,"b",[["x","load"]],"ab"]]')
    assert new.definitions == (evolve(CLEAN, takes=(("x", "load"),), constants="ab"),)
    assert Declaration.of(new.definitions) == new


@pytest.mark.parametrize(
    ("change", "is_readable"),
    [({"fingerprint": 3, "shown_type": "list[str]"}, False), ({"version": "2"}, True), ({"dependencies": ()}, True)],
)
def test_to_keep_is_a_way_out_only_where_the_result_can_be_read(
    change: dict[str, object], *, is_readable: bool
) -> None:
    """[P18] A result of another type never can."""
    found = between(CLEAN, evolve(CLEAN, **change))  # type: ignore[arg-type]
    assert found.changed[0].is_readable is is_readable
    assert ("on_change='keep'" in str(flow_changed(found, path="p", run_id="r"))) is is_readable


def test_some_tasks_can_be_told_as_they_were() -> None:
    present = Declaration.of([evolve(LOAD, source="new"), CLEAN])
    stored = Declaration.of([LOAD, CLEAN, evolve(LOAD, name="gone")])
    earlier = present.defined_otherwise(stored)
    assert earlier == {"load": LOAD}
    assert present.with_earlier(earlier) == Declaration.of([LOAD, CLEAN])
    assert present.with_earlier({}) is present


def test_a_task_whose_result_is_stored_now_is_a_change() -> None:
    before = evolve(CLEAN, fingerprint=0, shown_type="")
    (changed,) = changes_between(Declaration.of([before]), Declaration.of([CLEAN])).changed
    assert changed.ways == ("its result, of type str, was not stored before",)


def test_code_alone_is_for_a_warning() -> None:
    """A hash of the source can't see what the function calls, so it decides nothing."""
    found = changes_between(Declaration.of([LOAD]), Declaration.of([evolve(LOAD, source="c")]))
    assert found == Differences(source_changed=("load",))
    assert found.describe() == ("the code of task 'load' changed",)


def test_the_error_names_the_run_and_the_ways_out() -> None:
    """[P16] In as many lines as there are differences, up to twenty."""
    before = Declaration.of(Definition(name=f"t{number}", version="1") for number in range(30))
    after = Declaration.of(Definition(name=f"t{number}", version="2") for number in range(30))
    error = flow_changed(changes_between(before, after), path="/x/run.db", run_id="r1")
    message = str(error)
    assert error.task == "t0"
    assert error.path == "/x/run.db"
    for part in ("'r1'", "'/x/run.db'", "task 't0' changed: its version was '1' and is '2'", "and 10 more"):
        assert part in message
    assert all(way in message for way in ("run()", "on_change='rerun'", "on_change='keep'"))


HOSTILE = [
    b"",
    b"\n",
    b"[]",
    b"{}\n[]",
    b"[1]\n[]",
    b'["a"]\n[]',
    b'["a","a"]\n[[[],0,"",null,null],[[],0,"",null,null]]',
    b'["a"]\n[[[],0,"",null]]',
    b'["a"]\n[[[1],0,"",null,null]]',
    b'["a"]\n[["b",0,"",null,null]]',
    b'["a"]\n[[[],"0","",null,null]]',
    b'["a"]\n[[[],0,"",5,null]]',
    b'["a"]\n[[[],0,"",null,null,null]]',
    b'["a"]\n[[[],0,"",null,null,5,null]]',
    b'["a"]\n[[[],0,"",null,null,[["x"]],null]]',
    b'["a"]\n[[[],0,"",null,null,[["x",1]],null]]',
    b'["a"]\n[[[],0,"",null,null,null,5]]',
    b'["a"]\n[[[],0,"",null,null,null,0]]',
    b'["a"]\n[[[],0,"",null,null,{"xy":1},null]]',
    b'["a"]\n[[[],0,"",[],null]]',
    b'["a"]\n[[[],0,"",null,null,null,null,null]]',
    b'["a"]\n[5]',
    b"\xff\n[]",
    b"[" * 100_000,
]


@pytest.mark.parametrize("content", HOSTILE, ids=range(len(HOSTILE)))
def test_bytes_of_others_are_typed_errors(content: bytes) -> None:
    """[S1] [P8] A checksum is no seal: whoever writes a file can make it right."""
    with pytest.raises(CheckpointCorrupt, match="declared can't be read"):
        _ = Declaration(content).definitions


def test_names_are_escaped() -> None:
    """[S8] They come from a file."""
    found = changes_between(Declaration.of([Definition(name="\x1b[31m\n", shown_type="\x1b")]), Declaration.of([]))
    assert all(line.isprintable() for line in found.describe())
