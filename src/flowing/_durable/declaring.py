"""What a flow's tasks are to a store: how each is declared, and the codec of each whose results are stored. No file."""

from __future__ import annotations

import hashlib
import sys
from types import CodeType, FunctionType
from typing import TYPE_CHECKING, Final, cast

from flowing._bodies import Body
from flowing._durable.annotations import Annotations, innermost
from flowing._durable.arguments import arguments_of
from flowing._record import record
from flowing.checkpoint import Declaration, Definition

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from collections.abc import Set as AbstractSet

    from flowing._compile import Compiled
    from flowing.checkpoint import Codec, TaskCodec


@record(kw_only=True, eq=False)
class Declared:
    """The tasks of one flow, by number. `codecs` has those whose results are stored, `unstored` all others."""

    declaration: Declaration
    codecs: Mapping[int, TaskCodec]
    unstored: AbstractSet[int]
    at_most_once: AbstractSet[int]


def declared(compiled: Compiled, codec: Codec) -> Declared:
    """Make ready to store the results of every task. O(tasks + edges).

    Raises:
        SerializationError: results of a task can't be stored; names it, the type and the ways out.
    """
    names, dependencies = compiled.graph.names, compiled.graph.dependencies
    annotations, sources = Annotations(), _Sources()
    codecs: dict[int, TaskCodec] = {}
    definitions: list[Definition] = []
    for number, each in enumerate(compiled.tasks):
        function, options = each.wired.function, each.options
        task_codec = None
        if options.persist:
            task_codec = codecs[number] = codec.prepare(each.name, annotations.of(each.name, function))
        arguments = arguments_of(each.wired)
        definitions.append(
            Definition(
                name=each.name,
                dependencies=tuple([names[needed] for needed in dependencies[number]]),
                fingerprint=0 if task_codec is None else task_codec.fingerprint,
                shown_type="" if task_codec is None else task_codec.shown_type,
                version=options.version,
                source=sources.of(function),
                takes=arguments.takes,
                constants=arguments.constants,
            )
        )
    return Declared(
        declaration=Declaration.of(definitions),
        codecs=codecs,
        unstored=frozenset(range(len(names))) - codecs.keys(),
        at_most_once=frozenset(number for number, each in enumerate(compiled.tasks) if each.options.at_most_once),
    )


def bodies_that_keep(bodies: Sequence[Body], codecs: Mapping[int, TaskCodec]) -> tuple[Body, ...]:
    """Give the bodies with the codecs of those whose results are stored. O(tasks)."""
    return tuple(
        [_keeping(body, codecs[number].encode) if number in codecs else body for number, body in enumerate(bodies)]
    )


def _keeping(body: Body, keep: Callable[[object], bytes]) -> Body:
    """Make the same body with a codec: `evolve` takes three times as long, for each task of the flow."""
    gates = (body.when, body.validate, body.retry_until)
    return Body(body.name, body.call, body.inputs, *gates, body.retry_on, body.timeout_s, body.jitter, keep)


class _Sources:
    """Hashes what functions do, not where they stand: each once, however many tasks call it. They must outlive this."""

    def __init__(self) -> None:
        self._hashes: Final[dict[int, str]] = {}

    def of(self, function: object) -> str | None:
        """Give the hash, after the Python that compiled the function; None where there is no code to see."""
        inner: object = innermost(function)
        if not isinstance(inner, FunctionType):
            return None
        code = inner.__code__
        known = self._hashes.get(id(code))
        if known is None:
            seen = _shown(code, doc=inner.__doc__)
            digest = hashlib.blake2b(seen.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()
            known = self._hashes[id(code)] = f"{_COMPILER}:{digest}"
        return known


_COMPILER: Final = f"{sys.implementation.cache_tag}-{sys.flags.optimize}"  # another one compiles to other code


def _shown(constant: object, *, doc: str | None = None) -> str:
    """Write a constant of code, the same in every process: sets have no order of their own."""
    match constant:
        case CodeType():
            first, *rest = constant.co_consts or (None,)
            inside = _all_shown(rest if first == doc else (first, *rest))
            return f"code({constant.co_code!r}, {constant.co_names!r}, [{', '.join(inside)}])"
        case tuple():
            return f"({', '.join(_all_shown(cast('tuple[object, ...]', constant)))})"
        case frozenset():
            return f"{{{', '.join(sorted(_all_shown(cast('frozenset[object]', constant))))}}}"
        case int() if type(constant) is int:
            return hex(constant)  # Python refuses to write very long ones in decimal
        case _:
            return repr(constant)


def _all_shown(constants: Iterable[object]) -> list[str]:
    return [_shown(each) for each in constants]
