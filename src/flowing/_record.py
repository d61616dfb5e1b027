"""Frozen attrs records that are quick to make. No record, and nothing about any of them.

One comparison, one hash and one repr serve all records, where attrs would write and compile three functions for each:
that was a quarter of what `import flowing` costs. Everything else is attrs' own.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from attrs import frozen as record
else:
    import attrs

    # ruff: noqa: ANN001, ANN003, ANN202 - checkers see attrs' own decorator, above
    def record(cls=None, /, *, eq=True, **options):
        """Make a frozen, slotted attrs class; options as in `attrs.frozen`."""
        if cls is None:
            return partial(record, eq=eq, **options)
        made = attrs.frozen(cls, eq=False, repr=False, **options)
        if "__repr__" not in vars(cls):
            made.__repr__ = _show
        if eq:
            made.__eq__, made.__hash__ = _is_equal, _hash
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


__all__ = ["record"]
