"""How tasks pickle, and that the classes still do."""

from __future__ import annotations

import copy
import pickle
from typing import Any, TypeVar

import pytest

from flowing.errors import NotATaskError
from flowing.task import AsyncTask, Depends, SyncTask, Task, bind, task

T = TypeVar("T")


@task
def fetch() -> int:
    return 1


def positive(fetch: int) -> bool:
    return fetch > 0


@task(depends_on=[fetch], retry=2, when=positive)
def double(fetch: int) -> int:
    return fetch * 2


def plain(left: int, right: int) -> int:
    return left + right


def through_pickle(value: T, protocol: int = pickle.HIGHEST_PROTOCOL) -> T:
    back: T = pickle.loads(pickle.dumps(value, protocol))
    return back


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_a_task_that_its_name_leads_to_comes_back_as_itself(protocol: int) -> None:
    assert through_pickle(double, protocol) is double


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_a_copy_comes_back_as_the_copy_not_as_the_original(protocol: int) -> None:
    """It is put together from parts, though its function's name leads to the original task."""
    made = through_pickle(double.with_options(name="copy", retry=5), protocol)
    assert made is not double
    assert (made.name, made.options.retry, made.dependencies) == ("copy", 5, (fetch,))
    assert (made.body, made.when) == (double.body, double.when)
    assert made(4) == 8


def test_a_bound_task_comes_back_with_its_arguments() -> None:
    made = through_pickle(bind(plain, Depends(fetch), right=3))
    assert (made.name, made.dependencies, made.body) == ("plain", (fetch,), bind(plain, Depends(fetch), right=3).body)
    assert through_pickle(bind(plain, 1, right=3))() == 4


def test_a_plain_call_does_not_take_the_name_of_the_function_for_its_own() -> None:
    sources = [fetch.with_options(name="left"), fetch.with_options(name="right")]
    made = through_pickle(task(plain, name="sum", depends_on=sources))
    assert (made.name, made(1, 2)) == ("sum", 3)


def test_what_was_made_inside_a_function_goes_by_parts_and_so_needs_a_function_that_pickles() -> None:
    @task
    def local() -> int:
        return 1

    with pytest.raises((AttributeError, pickle.PicklingError)):
        pickle.dumps(local)


def test_a_name_that_leads_nowhere_any_more_is_an_error() -> None:
    stale = pickle.dumps(double, 0).replace(b"double", b"triple")
    with pytest.raises(NotATaskError, match=r"no task 'triple' is in module .*pickle it again"):
        pickle.loads(stale)


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize("kind", [Task, SyncTask, AsyncTask])
def test_the_classes_pickle_by_name(kind: type[Task[Any]], protocol: int) -> None:
    assert through_pickle(kind, protocol) is kind


def test_copying_gives_the_task_itself_as_it_does_for_functions() -> None:
    assert copy.copy(double) is copy.deepcopy(double) is double
    bound = bind(plain, 1, 2)
    assert copy.deepcopy({"step": bound})["step"] is bound
