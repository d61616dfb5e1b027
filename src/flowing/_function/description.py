"""What a parameter means, in the one form that frameworks agree on. Imports none of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, final

if TYPE_CHECKING:
    from collections.abc import Callable


@final
class Description(str):
    """Text for `Annotated[int, Description("...")]`.

    Frameworks that look for plain strings there find one. Those that let pydantic make the schema hear of it through
    pydantic's hook. `pydantic.Field` and PEP 727's `Doc` reach fewer, and make some raise.
    """

    __slots__ = ()

    def __get_pydantic_json_schema__(self, core_schema: object, handler: Callable[[Any], dict[str, Any]]) -> object:
        """Add the text to the schema that pydantic makes of the type."""
        return {**handler(core_schema), "description": str(self)}
