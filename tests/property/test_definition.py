"""What may be declared, searched: signatures, numbers and names, each beside a control that must be caught."""

from __future__ import annotations

import inspect
import math
import random
import re
import unicodedata
from typing import TYPE_CHECKING, Any, Final

import attrs
import pytest
from hypothesis import find, given, settings
from hypothesis import strategies as st

from flowing._task.functions import _from_code, _from_signature, parameters_of
from flowing._task.options import checked_name
from flowing._task.wiring import Call, FromTask
from flowing.errors import ConfigError, FlowingError, SignatureError
from flowing.task import Depends, Task, bind, task

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

# ── [G6] signatures ──────────────────────────────────────────────────────────────────────────────

NAMES: Final = ("a", "b", "c", "d")
SOURCES: Final[dict[str, Task[str]]] = {name: task(lambda: "value", name=name) for name in (*NAMES, "e")}
KINDS: Final = ("positional-only", "positional", "keyword-only")


@attrs.frozen
class Parameter:
    name: str
    kind: str
    default: str | None  # None, "constant", or the name of the source in a Depends


@attrs.frozen
class Case:
    parameters: tuple[Parameter, ...]
    var_positional: bool
    var_keyword: bool
    depends_on: tuple[str, ...]

    def function(self) -> Callable[..., dict[str, object]]:
        """Write the function and compile it; it returns what its parameters were given."""
        parts: list[str] = []
        for kind, mark in zip(KINDS, ("/", "*rest" if self.var_positional else "*", ""), strict=True):
            of_kind = [each for each in self.parameters if each.kind == kind]
            written = [each.name if each.default is None else f"{each.name}={each.default}" for each in of_kind]
            if kind == "keyword-only":
                parts += written
            elif kind == "positional-only":
                parts += [*written, mark] if written else []
            else:
                keyword_only = any(each.kind == "keyword-only" for each in self.parameters)
                parts += [*written, mark] if keyword_only or self.var_positional else written
        parts += ["**more"] if self.var_keyword else []
        markers = {f"from_{name}": Depends(source) for name, source in SOURCES.items()}
        made: Callable[..., dict[str, object]] = eval(
            f"lambda {', '.join(parts)}: locals()", {**markers, "constant": "constant"}
        )
        return made


@st.composite
def cases(draw: st.DrawFn) -> Case:
    names = draw(st.lists(st.sampled_from(NAMES), unique=True))
    kinds = sorted((draw(st.sampled_from(KINDS)) for _ in names), key=KINDS.index)
    choices = st.sampled_from([None, "constant", *(f"from_{name}" for name in (*NAMES, "e"))])
    parameters: list[Parameter] = []
    for name, kind in zip(names, kinds, strict=True):
        default = draw(choices)
        must_have = kind != "keyword-only" and any(each.default is not None for each in parameters)
        parameters.append(Parameter(name, kind, default or ("constant" if must_have else None)))
    depends_on = tuple(draw(st.lists(st.sampled_from(list(SOURCES)), unique=True)))
    return Case(tuple(parameters), draw(st.booleans()), draw(st.booleans()), depends_on)


def expected(case: Case) -> dict[str, object] | None:
    """Say what each parameter must be given: D11 word for word; None where the task must be refused."""
    values: dict[str, object] = {}
    for each in case.parameters:
        if each.default is not None and each.default.startswith("from_"):
            if each.kind != "positional-only" and each.name in case.depends_on and each.default != f"from_{each.name}":
                return None  # two sources
            values[each.name] = each.default
        elif each.kind != "positional-only" and each.name in case.depends_on:
            values[each.name] = f"from_{each.name}"
        elif each.default is not None:
            values[each.name] = each.default
        else:
            return None  # nothing fills it
    untaken = {name: f"from_{name}" for name in case.depends_on if f"from_{name}" not in values.values()}
    if untaken and not case.var_keyword:
        return None  # nothing takes it
    return {
        **values,
        **({"more": untaken} if case.var_keyword else {}),
        **({"rest": ()} if case.var_positional else {}),
    }


def call_with_names(call: Call) -> object:
    """Make the call with `from_a` in place of the value of task a."""

    def argument(value: object) -> object:
        return f"from_{value.task.name}" if isinstance(value, FromTask) else value

    return call.function(*map(argument, call.positional), **{name: argument(value) for name, value in call.keywords})


def refusal(make: Callable[[], object], kind: type[FlowingError]) -> str | None:
    """Give the message of the error that it raises, None if it raises none."""
    try:
        make()
    except kind as error:
        return str(error)
    return None


def outcome(case: Case, spoil: Callable[[Call], Call] = lambda call: call) -> object:
    """Say what the parameters are really given; None where the task is refused."""
    made: list[Task[Any]] = []
    depends_on = [SOURCES[name] for name in case.depends_on]
    message = refusal(lambda: made.append(task(case.function(), name="step", depends_on=depends_on)), SignatureError)
    if message is not None:
        assert re.search(r"^task 'step'.* <lambda>\(.*(Depends|leave one)", message)
        return None
    assert set(made[0].dependencies) >= set(depends_on)
    return call_with_names(spoil(made[0].body))


@given(cases())
@settings(max_examples=500)
def test_a_task_is_wired_by_the_rule_or_refused(case: Case) -> None:
    """[G6] Every parameter gets what D11 says, for any signature and any dependencies."""
    assert outcome(case) == expected(case)


def test_the_wiring_property_catches_a_lost_argument() -> None:
    """[G6] Control: the same comparison, with the last argument by keyword forgotten."""

    def forget(call: Call) -> Call:
        return attrs.evolve(call, keywords=call.keywords[:-1])

    def disagrees(case: Case) -> bool:
        try:
            return outcome(case, forget) != expected(case)
        except TypeError:
            return True

    find(cases(), disagrees)


@given(cases())
def test_the_quick_way_to_read_parameters_agrees_with_inspect(case: Case) -> None:
    """[G6] The code object says what `inspect.signature` says."""
    function: Any = case.function()
    assert parameters_of(function) == _from_code(function) == _from_signature(inspect.signature(function))


@given(cases(), st.lists(st.just("constant"), max_size=4), st.dictionaries(st.sampled_from(NAMES), st.just("constant")))
def test_bind_accepts_what_python_accepts(case: Case, args: list[str], kwargs: Mapping[str, str]) -> None:
    """[G6] And gives the function the same arguments, with each `Depends` default filled."""
    function = case.function()
    direct = binds(function, args, kwargs)
    made: list[Task[Any]] = []
    message = refusal(lambda: made.append(bind(function, *args, **kwargs)), SignatureError)
    assert (message is None) is direct
    if message is not None:
        assert re.search(r"^task '<lambda>'.*bind\(\) don't fit <lambda>\(", message)
        return
    written = function(*args, **kwargs)
    filled = {name: f"from_{v.task.name}" if isinstance(v, FromTask) else v for name, v in written.items()}
    assert call_with_names(made[0].body) == filled


def binds(function: Callable[..., object], args: list[str], kwargs: Mapping[str, str]) -> bool:
    try:
        function(*args, **kwargs)
    except TypeError:
        return False
    return True


# ── [G10] numbers ────────────────────────────────────────────────────────────────────────────────

numbers = st.one_of(
    st.integers(),
    st.floats(allow_nan=True, allow_infinity=True),
    st.booleans(),
    st.none(),
    st.fractions(),
    st.decimals(allow_nan=True, allow_infinity=True),
    st.text(max_size=3),
    st.sampled_from([10**400, -(10**400), 0, 0.0, -0.0, 5e-324, 1.8e308]),
)


def is_refused(option: str, value: object) -> bool:
    options: dict[str, Any] = {option: value}
    message = refusal(lambda: task(lambda: 1, name="step", **options), ConfigError)
    assert message is None or re.search(f"^task 'step' has {option}=.*; it must be ", message)
    return message is not None


@given(numbers)
@settings(max_examples=300)
def test_exactly_the_numbers_that_mean_something_are_accepted(value: object) -> None:
    """[G10] Whatever is no finite number from 0 is refused; so is 0 where it is a timeout, and a bool anywhere."""
    number = value if isinstance(value, (int, float)) and not isinstance(value, bool) else math.nan
    positive, zero = 0 < number < math.inf, number == 0
    for option in ("retry_backoff_base_ms", "retry_max_backoff_ms"):
        assert is_refused(option, value) is not (positive or zero)
    assert is_refused("retry", value) is not (isinstance(number, int) and (positive or zero))
    assert is_refused("timeout_s", value) is not (positive or value is None)


def test_the_number_property_catches_a_check_that_forgets_nan() -> None:
    """[G10] Control: `value < 0` alone lets NaN through."""
    value = find(st.floats(), lambda value: (not value < 0) is is_refused("retry_max_backoff_ms", value))
    assert not math.isfinite(value)


# ── [G11] names ──────────────────────────────────────────────────────────────────────────────────

# Controls, line and paragraph separators, surrogates, and the format characters of Unicode 15, written out.
HARMFUL: Final = re.compile(
    "[\x00-\x1f\x7f-\x9f\xad\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u180e\u200b-\u200f\u2028-\u202e"
    "\u2060-\u2064\u2066-\u206f\ud800-\udfff\ufeff\ufff9-\ufffb\U000110bd\U000110cd\U00013430-\U0001343f"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0001\U000e0020-\U000e007f]"
)


def is_refused_name(name: str) -> bool:
    message = refusal(lambda: checked_name(name, refusal), ConfigError)
    assert message is None or (message.isprintable() and "give name=" in message)
    return message is not None


def test_every_code_point_is_known_for_harmful_or_harmless() -> None:
    """[G11] All of Unicode, one at a time, but for what this Python's tables don't have yet."""
    wrong = [
        code
        for code in range(0x110000)
        if is_refused_name(f"x{chr(code)}") is not bool(HARMFUL.match(chr(code)))
        if unicodedata.category(chr(code)) != "Cn"
    ]
    assert wrong == []


@pytest.mark.parametrize("seed", range(5))
def test_a_hundred_thousand_names(seed: int) -> None:
    """[G11] Of any length, mixed from harmful and harmless; refused exactly if harmful, empty or too long."""
    rng = random.Random(seed)
    pieces = ["a", "/", "..", "🚀", "é", "\x00", "\n", "\x1b", "\u202e", "\ud800", "%s", " ", "x" * 190, "-" * 12]
    weights = [9, 3, 3, 3, 3, 1, 1, 1, 1, 1, 3, 2, 1, 3]
    refused = 0
    for _ in range(20_000):
        name = "".join(rng.choices(pieces, weights, k=rng.randrange(8)))
        assert is_refused_name(name) is bool(HARMFUL.search(name) or not name.strip() or len(name) > 200)
        refused += is_refused_name(name)
    assert 4_000 < refused < 16_000  # control: both answers were given many times


@given(st.text(st.characters(), min_size=1))
def test_an_accepted_name_is_one_line_of_text(name: str) -> None:
    """[G11] So it can be written anywhere."""
    if not is_refused_name(name):
        assert name.splitlines() == [name]
        assert name.encode().decode() == name
        assert task(lambda: 1, name=name).name == name
