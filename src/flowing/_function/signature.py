"""What a flow's function says of itself: signature, annotations, docstring. Runs nothing.

It says so in every way that frameworks ask: `__signature__`, `__annotations__` and a docstring in Google's style, with
the description of each parameter in both of the latter.
"""

from __future__ import annotations

import inspect
import itertools
from typing import TYPE_CHECKING, Annotated, Any, Final

from flowing._durable.annotations import Annotations
from flowing._function.description import Description
from flowing._record import record
from flowing._task.fitting import show_annotation
from flowing._text import one_line
from flowing.checkpoint import NO_ANNOTATION
from flowing.errors import ConfigError, SerializationError, SignatureError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from flowing.task import Param, Task

_NAME_RULE: Final = (
    "an ASCII letter, then up to 63 ASCII letters, digits and underscores"  # so every provider of models
)
_NAME_LENGTH_MAX: Final = 64
_SECTIONS: Final = frozenset(
    (
        *("Args", "Arguments", "Parameters", "Params", "Attributes", "Return", "Returns", "Raises", "Yield", "Yields"),
        *("Example", "Examples", "Note", "Notes"),
    )
)
# Found by asking each framework for the schema of such a parameter, and calling it.
_TAKEN: Final[Mapping[str, str]] = {
    "args": "LangChain",
    "callbacks": "LangChain",
    "config": "LangChain",
    "input_stream": "Google ADK",
    "kwargs": "LangChain",
    "model_config": "pydantic",
    "run_manager": "LangChain",
    "sanitize_inputs_outputs": "smolagents",
    "self": "smolagents",
    "tool_context": "Google ADK",
    "v__args": "pydantic",
    "v__duplicate_kwargs": "pydantic",
    "v__kwargs": "pydantic",
    "v__positional_only": "pydantic",
}


@record(kw_only=True, eq=False)
class Said:
    """Everything that a function says of itself."""

    name: str
    module: str
    doc: str
    signature: inspect.Signature

    def write_on(self, function: Any) -> None:  # noqa: ANN401 - a function's attributes are not all declared
        """Have a function say it."""
        function.__name__ = function.__qualname__ = self.name
        function.__module__ = self.module
        function.__doc__ = self.doc
        function.__signature__ = self.signature
        annotations = {each.name: each.annotation for each in self.signature.parameters.values()}
        if self.signature.return_annotation is not inspect.Signature.empty:
            annotations["return"] = self.signature.return_annotation
        function.__annotations__ = annotations


def said(
    source: Task[object],
    params: Sequence[Param[Any]],
    *,
    name: str | None,
    description: str | None,
    result: Callable[..., object] | None,
) -> Said:
    """Word what the function says that gives the value of `source`, or what `result` makes of it.

    Raises:
        ConfigError: the name, a parameter's name or the description is none that frameworks take.
        SignatureError: the type of the value can't be told.
    """
    name = _checked_name(source.name if name is None else name, given=name is not None)
    for each in params:
        _check_parameter(each.name)
    returned = _returned(source, result)
    ordered = sorted(params, key=lambda each: not each.required)
    signature = inspect.Signature([_parameter(each) for each in ordered], return_annotation=returned)
    text = _summary(source) if description is None else _checked_description(description, name)
    return Said(name=name, module=source.__module__, doc=_doc(text, source, ordered, returned), signature=signature)


def _parameter(each: Param[Any]) -> inspect.Parameter:
    kind = each.type
    return inspect.Parameter(
        each.name,
        inspect.Parameter.POSITIONAL_OR_KEYWORD,
        default=inspect.Parameter.empty if each.required else each.fresh_default(),
        annotation=Annotated[kind, Description(each.description)] if each.description else kind,
    )


def _returned(source: Task[object], result: Callable[..., object] | None) -> object:
    """Evaluate the annotation of what the function gives; `Signature.empty` where there is none."""
    try:
        found = Annotations().of(source.name, source.wired.function if result is None else result)
    except SerializationError as error:
        whose = "the task returns" if result is None else "result= returns"
        message = (
            f"task {one_line(source.name)!r} can't be told as a function: what {whose}, {error.shown_type!r}, is a "
            f"type that is not known at run time; import it outside of TYPE_CHECKING, or give result= a function that "
            f"says what it returns, such as flowing.to_json"
        )
        raise SignatureError(message) from error
    return inspect.Signature.empty if found is NO_ANNOTATION else found


# ── the docstring ────────────────────────────────────────────────────────────────────────────────


def _doc(text: str, source: Task[object], params: Sequence[Param[Any]], returned: object) -> str:
    lines = [text, ""]
    if params:
        lines += ["Args:", *[f"    {each.name}: {_described(each)}" for each in params], ""]
    kind = "" if returned is inspect.Signature.empty else f"{show_annotation(returned)}: "
    lines += ["Returns:", f"    {kind}What task {one_line(source.name)!r} makes.", ""]
    lines += ["Raises:", "    TaskFailed: A task of the flow failed; the error names it, and says why."]
    return "\n".join(lines)


def _described(each: Param[Any]) -> str:
    return " ".join(each.description.split()) or f"A value of type {show_annotation(each.type)}."


def _summary(source: Task[object]) -> str:
    """Take what a task's docstring says before its first section, which is of parameters that nobody sees."""
    doc = inspect.cleandoc(source.__doc__ or "")
    lines = itertools.takewhile(lambda line: not _is_section(line), doc.splitlines())
    return "\n".join(lines).strip() or f"Run a flow that makes {one_line(source.name)!r}."


def _checked_description(description: object, name: str) -> str:
    if not isinstance(description, str) or not description.strip():
        message = f"the description of function {name!r} must be text; leave it out to take the task's docstring"
        raise ConfigError(message)
    section = next(filter(_is_section, description.splitlines()), None)
    if section is not None:
        shown = repr(one_line(section.strip(), length_max=80))
        message = (
            f"the description of function {name!r} has a section {shown}; leave it out, sections are written "
            f"from the parameters: param(name, type, description=...)"
        )
        raise ConfigError(message)
    return inspect.cleandoc(description)


def _is_section(line: str) -> bool:
    said = line.strip()
    return said.removesuffix(":") in _SECTIONS or said.startswith(":param ")


# ── names ────────────────────────────────────────────────────────────────────────────────────────


def _is_a_name(name: str) -> bool:
    return name.isascii() and name.isidentifier() and name[0] != "_" and len(name) <= _NAME_LENGTH_MAX


def _checked_name(name: object, *, given: bool) -> str:
    if isinstance(name, str) and _is_a_name(name):
        return name
    shown = repr(one_line(name, length_max=80)) if isinstance(name, str) else "no string"
    whose = "name= of a flow's function" if given else "a flow's function has the name of its last task, which"
    message = f"{whose} is {shown}, and providers of models take {_NAME_RULE}; give another one with name="
    raise ConfigError(message)


def _check_parameter(name: str) -> None:
    if not _is_a_name(name):
        message = (
            f"parameter {name!r} can't be one of a tool: frameworks and providers take {_NAME_RULE}; declare it with "
            f"another name"
        )
        raise ConfigError(message)
    if name in _TAKEN:
        message = (
            f"parameter {name!r} can't be one of a tool: {_TAKEN[name]} keeps that name for itself; declare it with "
            f"another name"
        )
        raise ConfigError(message)
