"""Frozen attrs records that are quick to import and quick to make. No record, and nothing about any of them.

One comparison, one hash and one repr serve all records, where attrs would write and compile three functions for each:
that was a quarter of what `import flowing` costs. And a record is filled in while it is still of a twin class that is
not frozen: attrs' own way around the lock, a call of `object.__setattr__` for each field, takes twice as long (5
fields: 0.47 us, so 0.26), four times a task. Everything else is attrs' own. Where even a call of the class is too
dear (it looks for `__new__` and `__init__`, and calls a function through them: 4 fields take 0.3 us), `maker` gives a
function that makes such records in 0.13 us.
"""

from __future__ import annotations

from functools import partial
from types import FunctionType
from typing import TYPE_CHECKING, ParamSpec, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

    from attrs import frozen as record

    P = ParamSpec("P")
    R = TypeVar("R")

    def maker(made: Callable[P, R]) -> Callable[P, R]:
        """Give a function that makes such records as their class does; they have 2 to 5 fields, all of them plain."""
        raise NotImplementedError

else:
    import attrs

    # ruff: noqa: ANN001, ANN003, ANN202, F821 - _Twin and _Made come with each function; checkers see attrs' own decorator, above
    def record(cls=None, /, *, eq=True, **options):
        """Make a frozen, slotted attrs class; options as in `attrs.frozen`."""
        if cls is None:
            return partial(record, eq=eq, **options)
        made = attrs.frozen(cls, eq=False, repr=False, weakref_slot=False, **options)
        if "__repr__" not in vars(cls):
            made.__repr__ = _show
        if eq:
            made.__eq__, made.__hash__ = _is_equal, _hash
        if len(made.__attrs_attrs__) in _FILL and "slots" not in options and all(map(_is_plain, made.__attrs_attrs__)):
            made.__init__ = _quick_init(made)
        return made

    def _show(self):
        shown = ", ".join(f"{field.name}={getattr(self, field.name)!r}" for field in self.__attrs_attrs__ if field.repr)
        return f"{type(self).__name__}({shown})"

    def _is_equal(self, other):
        if other.__class__ is not self.__class__:
            return NotImplemented
        return _content(self) == _content(other)

    def _hash(self):
        return hash((type(self), _content(self)))

    def _content(self):
        return tuple(getattr(self, field.name) for field in self.__attrs_attrs__)

    def _is_plain(field):
        """Tell whether all that `__init__` does with the field is to keep it."""
        made_by_call = isinstance(field.default, attrs.Factory)
        return field.init and field.alias == field.name and not (field.converter or field.validator or made_by_call)

    def _quick_init(made):
        """Make an `__init__` that takes the arguments of attrs' own, for plain fields."""
        slow = made.__init__
        names = slow.__code__.co_varnames[1 : 1 + len(made.__attrs_attrs__)]
        code = _FILL[len(names)].__code__
        named = dict(zip(code.co_varnames[1:], names, strict=True))
        code = code.replace(
            co_name="__init__",
            co_names=tuple(named.get(name, name) for name in code.co_names),
            co_varnames=("self", *names),
            co_argcount=slow.__code__.co_argcount,
            co_kwonlyargcount=slow.__code__.co_kwonlyargcount,
        )
        twin = type(made.__name__, (), {"__slots__": names})
        quick = FunctionType(code, {"_thaw": _thaw, "_Twin": twin, "_Made": made}, "__init__", slow.__defaults__)
        quick.__kwdefaults__ = slow.__kwdefaults__
        quick.__annotations__ = slow.__annotations__
        return quick

    _thaw = object.__dict__["__class__"].__set__

    def _fill_two(self, p, q):
        _thaw(self, _Twin)
        self.p = p
        self.q = q
        self.__class__ = _Made

    def _fill_three(self, p, q, r):
        _thaw(self, _Twin)
        self.p = p
        self.q = q
        self.r = r
        self.__class__ = _Made

    def _fill_four(self, p, q, r, s):
        _thaw(self, _Twin)
        self.p = p
        self.q = q
        self.r = r
        self.s = s
        self.__class__ = _Made

    def _fill_five(self, p, q, r, s, t):  # noqa: PLR0917 - positional or not is for `__init__` to say
        _thaw(self, _Twin)
        self.p = p
        self.q = q
        self.r = r
        self.s = s
        self.t = t
        self.__class__ = _Made

    def _fill_six(self, p, q, r, s, t, u):  # noqa: PLR0917 - as above
        _thaw(self, _Twin)
        self.p = p
        self.q = q
        self.r = r
        self.s = s
        self.t = t
        self.u = u
        self.__class__ = _Made

    def _fill_eight(self, p, q, r, s, t, u, v, w):  # noqa: PLR0917 - as above
        _thaw(self, _Twin)
        self.p = p
        self.q = q
        self.r = r
        self.s = s
        self.t = t
        self.u = u
        self.v = v
        self.w = w
        self.__class__ = _Made

    # The records of which a task needs some have so many fields.
    _FILL = {2: _fill_two, 3: _fill_three, 4: _fill_four, 5: _fill_five, 6: _fill_six, 8: _fill_eight}

    def maker(made):
        fields = made.__attrs_attrs__
        assert all(_is_plain(field) and not field.kw_only for field in fields), made
        names = tuple(field.name for field in fields)
        defaults = tuple(field.default for field in fields if field.default is not attrs.NOTHING)
        named = dict(zip("pqrst", names, strict=False))
        code = _MAKE[len(names)].__code__
        code = code.replace(
            co_name=f"make_{made.__name__}",
            co_names=tuple(named.get(name, name) for name in code.co_names),
            co_varnames=tuple(named.get(name, name) for name in code.co_varnames),
        )
        twin = type(made.__name__, (), {"__slots__": names})
        return FunctionType(code, {"_Twin": twin, "_Made": made}, code.co_name, defaults)

    def _make_two(p, q):
        record = _Twin()
        record.p = p
        record.q = q
        record.__class__ = _Made
        return record

    def _make_three(p, q, r):
        record = _Twin()
        record.p = p
        record.q = q
        record.r = r
        record.__class__ = _Made
        return record

    def _make_four(p, q, r, s):
        record = _Twin()
        record.p = p
        record.q = q
        record.r = r
        record.s = s
        record.__class__ = _Made
        return record

    def _make_five(p, q, r, s, t):
        record = _Twin()
        record.p = p
        record.q = q
        record.r = r
        record.s = s
        record.t = t
        record.__class__ = _Made
        return record

    _MAKE = {2: _make_two, 3: _make_three, 4: _make_four, 5: _make_five}


__all__ = ["maker", "record"]
