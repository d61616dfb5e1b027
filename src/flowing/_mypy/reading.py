"""From an expression to what it says: options, tasks, functions. Asks mypy for types, and reports nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mypy.nodes import (
    ARG_NAMED,
    ARG_POS,
    ARG_STAR,
    ARG_STAR2,
    GDEF,
    LDEF,
    BytesExpr,
    CallExpr,
    ComplexExpr,
    FloatExpr,
    FuncDef,
    IntExpr,
    LambdaExpr,
    ListExpr,
    NameExpr,
    OpExpr,
    RefExpr,
    StarExpr,
    StrExpr,
    TempNode,
    TupleExpr,
    UnaryExpr,
)
from mypy.subtypes import find_member
from mypy.types import AnyType, CallableType, Instance, TupleType, TypeOfAny, UnpackType, get_proper_type

from flowing._mypy.facts import Body, Default, Dependencies, Dependency, Function, Parameter, Unread
from flowing._mypy.names import name_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from mypy.checker import TypeChecker
    from mypy.nodes import Argument, Context, Expression
    from mypy.types import ProperType, Type

TASK_FUNCTION: Final = "flowing.task.task"
_TASKS: Final = frozenset(
    ("flowing._task.param.Param", *(f"flowing._task.declared.{each}" for each in ("Task", "SyncTask", "AsyncTask")))
)
_DEPENDS: Final = "flowing.task.Depends"
_NO_LIST: Final = "it is not written as a list here"
_NO_NAME: Final = "the name of this task is not known here"

_NOTHING: Final = Dependencies()


# ── types ────────────────────────────────────────────────────────────────────────────────────────


def type_of(checker: TypeChecker, expression: Expression) -> ProperType:
    """Give an expression's own type, whatever the place where it stands asks for; report nothing."""
    if isinstance(expression, TempNode):
        return get_proper_type(expression.type)
    if isinstance(expression, RefExpr) and checker.has_type(expression):
        return get_proper_type(checker.lookup_type(expression))
    with checker.msg.filter_errors():
        return get_proper_type(checker.get_expression_type(expression))


def value_made(task: Instance) -> Type | None:
    """Give the R of `Task[R]`, `SyncTask[P, R]` and `AsyncTask[P, R]`; None if it is no task."""
    return task.args[-1] if task.args and task.type.fullname in _TASKS else None


def _dependency(type_: ProperType, place: Expression) -> Dependency | None:
    value = value_made(type_) if isinstance(type_, Instance) else None
    if value is None or not isinstance(type_, Instance):
        return None
    node = place.node if isinstance(place, RefExpr) else None
    return Dependency(name_of(type_, node), value, place, node)


# ── lists of tasks ───────────────────────────────────────────────────────────────────────────────


def read_dependencies(checker: TypeChecker, given: Expression | None) -> Dependencies:
    """Read a list of tasks: written out, or a tuple that is a constant, or both joined with `*` or `+`."""
    if given is None:
        return _NOTHING
    read: list[Dependency] = []
    unread: list[Unread] = []
    for part in _parts(checker, given):
        if isinstance(part, Unread):
            unread.append(part)
        else:
            read.append(part)
            if part.name is None:
                unread.append(Unread(part.place, _NO_NAME))
    return Dependencies(read, unread)


def unreadable(place: Context) -> Dependencies:
    """Stand in for a list that is somewhere else."""
    return Dependencies((), (Unread(place, _NO_LIST),))


def _parts(checker: TypeChecker, given: Expression) -> Iterator[Dependency | Unread]:
    match given:
        case ListExpr() | TupleExpr():
            for item in given.items:
                if isinstance(item, StarExpr):
                    yield from _parts(checker, item.expr)
                else:
                    yield _part(type_of(checker, item), item)
        case OpExpr(op="+"):
            yield from _parts(checker, given.left)
            yield from _parts(checker, given.right)
        case _:
            yield from _parts_of_constant(type_of(checker, given), given)


def _parts_of_constant(type_: ProperType, given: Expression) -> Iterator[Dependency | Unread]:
    if not isinstance(type_, TupleType) or any(isinstance(each, UnpackType) for each in type_.items):
        yield Unread(given, _NO_LIST)
        return
    for item in type_.items:
        part = _part(get_proper_type(item), given)
        yield part._replace(node=None) if isinstance(part, Dependency) else part  # the node is the tuple's


def _part(type_: ProperType, place: Expression) -> Dependency | Unread:
    return _dependency(type_, place) or Unread(place, _NO_NAME if isinstance(type_, AnyType) else None)


# ── functions ────────────────────────────────────────────────────────────────────────────────────


def read_body(checker: TypeChecker, given: Expression, *, option: str | None = None) -> Body:
    """Read a function that is given as an expression."""
    if isinstance(given, LambdaExpr):
        return Body(_read_lambda(checker, given), given, option)
    signature = _signature(type_of(checker, given))
    if signature is None:
        return Body(None, given, option)
    arguments = _arguments_here(checker, given)
    function = read_function(checker, signature, arguments, given)
    if function is not None:  # what is wrong is this use of the function, not the function
        function = function._replace(parameters=[each._replace(place=given) for each in function.parameters])
    return Body(function, given, option)


def _signature(type_: ProperType) -> CallableType | None:
    if isinstance(type_, Instance) and value_made(type_) is None:
        member = find_member("__call__", type_, type_)
        type_ = get_proper_type(member) if member is not None else type_
    return type_ if isinstance(type_, CallableType) else None


def _arguments_here(checker: TypeChecker, given: Expression) -> Sequence[Argument] | None:
    """Give a function's parameters as written, if that is in the module being checked.

    In other modules they are there or not, depending on what came out of the cache.
    """
    if not isinstance(given, NameExpr) or not isinstance(given.node, FuncDef):
        return None
    here = given.kind == LDEF or (given.kind == GDEF and given.fullname == f"{checker.tree.fullname}.{given.name}")
    return given.node.arguments if here else None


def read_function(
    checker: TypeChecker, signature: CallableType, arguments: Sequence[Argument] | None, place: Context
) -> Function | None:
    """Read a function's parameters from its type, and their lines and defaults from `arguments` if there are any.

    None where the type does not tell them: `...`, a ParamSpec, or a required parameter whose name is lost.
    """
    if signature.is_ellipsis_args or signature.param_spec() is not None:
        return None
    signature = signature.with_unpacked_kwargs()
    written = {} if arguments is None else {each.variable.name: each for each in arguments}
    aligned = arguments if arguments is not None and len(arguments) == len(signature.arg_types) else None
    parameters: list[Parameter] = []
    more: Type | None = None
    for number, (kind, type_) in enumerate(zip(signature.arg_kinds, signature.arg_types, strict=True)):
        argument = aligned[number] if aligned is not None else None
        name = signature.arg_names[number]
        if kind == ARG_STAR2:
            more = type_
        elif kind == ARG_STAR:
            continue
        elif name is not None:
            argument = written.get(name)
            parameters.append(_parameter(checker, name, type_, argument, required=kind.is_required(), place=place))
        elif kind.is_required():
            if argument is None or not argument.pos_only or argument.variable.name.startswith("__"):
                return None
            parameters.append(
                Parameter(argument.variable.name, type_, Default.REQUIRED, argument, by_position_only=True)
            )
    return Function(tuple(parameters), more, signature)


def _read_lambda(checker: TypeChecker, given: LambdaExpr) -> Function | None:
    anything = AnyType(TypeOfAny.unannotated)
    parameters: list[Parameter] = []
    more: Type | None = None
    for argument in given.arguments:
        if argument.kind == ARG_STAR2:
            more = anything
        elif argument.kind != ARG_STAR:
            name, required = argument.variable.name, argument.kind.is_required()
            parameter = _parameter(checker, name, anything, argument, required=required, place=argument)
            parameters.append(parameter._replace(by_position_only=argument.pos_only))
    return Function(tuple(parameters), more, None)


def _parameter(
    checker: TypeChecker, name: str, type_: Type, argument: Argument | None, *, required: bool, place: Context
) -> Parameter:
    default: Default | Dependency = Default.REQUIRED if required else Default.HIDDEN
    if argument is not None and argument.initializer is not None and not required:
        default = _default(checker, argument.initializer)
    return Parameter(name, type_, default, argument or place)


def _default(checker: TypeChecker, value: Expression) -> Default | Dependency:
    match value:
        case IntExpr() | StrExpr() | BytesExpr() | FloatExpr() | ComplexExpr() | UnaryExpr() | LambdaExpr():
            return Default.PLAIN
        case NameExpr(fullname="builtins.None" | "builtins.True" | "builtins.False"):
            return Default.PLAIN
        case CallExpr(callee=RefExpr(fullname=callee), args=[step], arg_kinds=[kind]) if callee == _DEPENDS:
            taken = _dependency(type_of(checker, step), step) if kind == ARG_POS else None
            return taken or Default.HIDDEN
        case _:
            return Default.HIDDEN


# ── calls ────────────────────────────────────────────────────────────────────────────────────────


def options_of(call: CallExpr) -> Mapping[str, Expression] | None:
    """Give the arguments of a call of `task` by name, the function as `fn`; None if a star hides some."""
    options: dict[str, Expression] = {}
    for argument, kind, name in zip(call.args, call.arg_kinds, call.arg_names, strict=True):
        match kind:
            case _ if kind == ARG_POS:
                options["fn"] = argument
            case _ if kind == ARG_NAMED and name is not None:
                options[name] = argument
            case _:
                return None
    return options


def is_call_of_task(expression: Expression) -> bool:
    """Tell whether an expression is `task(...)`, by whatever name it was imported."""
    return (
        isinstance(expression, CallExpr)
        and isinstance(expression.callee, RefExpr)
        and expression.callee.fullname == TASK_FUNCTION
    )


def read_gates(checker: TypeChecker, options: Mapping[str, Expression]) -> dict[str, Body]:
    """Read the functions given as `when=` and `validate=`."""
    return {
        option: read_body(checker, options[option], option=option)
        for option in ("when", "validate")
        if option in options and not _is_none(options[option])
    }


def _is_none(expression: Expression) -> bool:
    return isinstance(expression, NameExpr) and expression.fullname == "builtins.None"
