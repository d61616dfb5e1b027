"""How a parameter is declared, what it refuses, and what it has in common with a task."""

from __future__ import annotations

import copy
import pickle
import threading
from pathlib import Path
from typing import Any

import pytest

from flowing import ConfigError, Flow, InputTypeError, MissingInputError, Param, bind, param, task
from flowing.task import Depends
from flowing.testing import simulate

city = param("city", str, description="Where it is")
days = param("days", int, default=3)
LINE = next(n for n, line in enumerate(Path(__file__).read_text("utf-8").splitlines(), 1) if line.startswith("days ="))


def test_it_says_what_it_takes() -> None:
    assert (city.name, city.type, city.required, city.default, city.description) == (
        "city",
        str,
        True,
        None,
        "Where it is",
    )
    assert (days.name, days.type, days.required, days.default, days.description) == ("days", int, False, 3, "")


def test_it_says_where_it_is_written() -> None:
    assert days.where == f"{__file__}:{LINE}"
    assert repr(days) == f"<parameter 'days' at test_param.py:{LINE}>"


def test_tasks_depend_on_it_in_every_way_that_they_depend_on_tasks() -> None:
    @task(depends_on=[city], when=lambda city: city != "", validate=lambda city: city.lower())
    def by_name(city: str) -> str:
        return city

    @task
    def by_default(place: str = Depends(city), count: int = Depends(days)) -> str:
        return place * count

    bound = bind(str.upper, Depends(city)).with_options(name="bound")
    flow = Flow(by_name, by_default, bound)
    assert flow.run(city="ab").ok
    assert [flow.value(each) for each in (by_name, by_default, bound)] == ["ab", "ababab", "AB"]


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_one_of_a_module_pickles_as_itself(protocol: int) -> None:
    assert pickle.loads(pickle.dumps(city, protocol)) is city


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize("default", [{}, {"default": ["a"]}])
def test_any_other_pickles_by_its_parts(default: dict[str, Any], protocol: int) -> None:
    made: Param[list[str]] = param("names", list[str], description="Whose", persist=False, **default)
    again = pickle.loads(pickle.dumps(made, protocol))
    assert again is not made
    for name in ("name", "type", "required", "default", "description", "options", "where"):
        assert getattr(again, name) == getattr(made, name), name


def test_it_is_its_identity_as_a_task_is() -> None:
    assert copy.copy(city) is copy.deepcopy(city) is city


def test_nobody_shares_its_default() -> None:
    given = ["a"]
    names = param("names", list[str], default=given)
    given.append("b")

    @task(depends_on=[names])
    def spoil(names: list[str]) -> list[str]:
        names.append("c")
        return names

    flow = Flow(spoil)
    for _ in range(2):
        flow.run()
        assert flow.value(spoil) == ["a", "c"]
    assert names.default == ["a"]


def test_a_default_that_can_not_be_copied_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"default of parameter 'lock', a lock, can't be copied.*make it in a task"):
        param("lock", object, default=threading.Lock())


def test_a_default_of_another_type_is_refused() -> None:
    with pytest.raises(InputTypeError, match="parameter 'days' takes int, but was given a str") as caught:
        param("days", int, default="3")
    assert caught.value.parameters == ("days",)


@pytest.mark.parametrize("name", ["", "two words", "class", "1st", "a-b", 3, None, "x" * 201])
def test_a_name_that_run_can_not_take_is_refused(name: str) -> None:
    with pytest.raises(ConfigError, match="give it a Python name"):
        param(name, str)


def test_the_name_of_an_option_of_resume_is_refused() -> None:
    with pytest.raises(ConfigError, match="'rerun_detached', which is an option of resume"):
        param("rerun_detached", bool)


@pytest.mark.parametrize(("kind", "shown"), [("str", "the string 'str'"), (3, "an int"), ([str], "a list")])
def test_what_is_no_type_is_refused(kind: type[object], shown: str) -> None:
    with pytest.raises(ConfigError, match=f"the type of parameter 'city' is {shown}; give the type itself"):
        param("city", kind)


@pytest.mark.parametrize(("option", "value"), [("description", None), ("persist", "yes")])
def test_an_option_of_another_type_is_refused(option: str, value: object) -> None:
    options: dict[str, Any] = {option: value}
    with pytest.raises(ConfigError, match=f"parameter 'city' has {option}="):
        param("city", str, **options)


def test_it_has_no_options_of_a_task() -> None:
    with pytest.raises(ConfigError, match="parameter 'city' has no options"):
        city.with_options(retry=1)


def test_a_simulation_takes_the_default_or_what_replaces_it() -> None:
    """A required one must be given a value there, as in a run."""

    @task(depends_on=[city, days])
    def report(city: str, days: int) -> str:
        return city * days

    flow = Flow(report)
    assert simulate(flow, bodies="real", replace={city: "ab"}).results[report].value == "ababab"
    with pytest.raises(MissingInputError, match="no value was given for parameter 'city'"):
        simulate(flow, bodies="real")


def test_run_by_a_shell_that_gives_no_values_it_says_so() -> None:
    with pytest.raises(MissingInputError, match=r"parameter 'city'.*flow.run\(city=...\)"):
        city.wired.function()
