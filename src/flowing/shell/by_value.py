"""Pickle for executors that send closures, lambdas and what is defined in `__main__`. Needs cloudpickle."""

from __future__ import annotations

import io
import pickle
from types import FunctionType
from typing import Any

import cloudpickle
from typing_extensions import override

from flowing._task.references import reduce_function


def pickled_by_value(what: object) -> bytes:
    """Pickle by name where the name can be imported elsewhere, else by value."""
    data = io.BytesIO()
    _ByValuePickler(data, pickle.HIGHEST_PROTOCOL).dump(what)
    return data.getvalue()


class _ByValuePickler(cloudpickle.Pickler):
    """Pickles the function of a decorated task by the task's name, if that can be imported elsewhere."""

    @override
    def reducer_override(self, obj: object) -> Any:
        if type(obj) is FunctionType and obj.__module__ != "__main__":
            stands_for = reduce_function(obj)
            if stands_for is not obj:
                return stands_for.__reduce__()
        return super().reducer_override(obj)
