"""Asks mypy whether a value fits a parameter, and how to write types. Knows no task."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from mypy.messages import format_type_distinctly
from mypy.nodes import ARG_POS, TempNode
from mypy.subtypes import is_subtype

if TYPE_CHECKING:
    from mypy.checker import TypeChecker
    from mypy.types import CallableType, Type


class MypyJudge(NamedTuple):
    """mypy, as the rules see it."""

    checker: TypeChecker

    def fits(self, value: Type, taken: Type, signature: CallableType | None) -> bool:
        """Tell whether a call with this value would pass."""
        if is_subtype(value, taken, options=self.checker.options):
            return True
        return signature is not None and bool(signature.variables) and self._fits_generic(value, taken, signature)

    def _fits_generic(self, value: Type, taken: Type, signature: CallableType) -> bool:
        """Let mypy solve the type variables of the signature for this one parameter."""
        call = signature.copy_modified(  # pyright: ignore[reportUnknownMemberType] - mypy's own defaults have no type
            arg_types=[taken], arg_kinds=[ARG_POS], arg_names=[None]
        )
        argument = TempNode(value)
        with self.checker.msg.filter_errors() as mistakes:
            self.checker.expr_checker.check_call(call, [argument], [ARG_POS], argument)
        return not mistakes.has_new_errors()

    def show(self, value: Type, taken: Type) -> tuple[str, str]:
        """Write two types as mypy does, in quotes."""
        made, wanted = format_type_distinctly(value, taken, options=self.checker.options)
        return made, wanted
