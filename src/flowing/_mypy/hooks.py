"""What the plugin does at each call that it was asked to look at. Knows mypy's contexts; the rules are elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeAlias, TypeVar

from mypy.checker import TypeChecker
from mypy.nodes import ARG_POS, CallExpr, Decorator, RefExpr, TempNode
from mypy.types import AnyType, CallableType, Instance, NoneType, ParamSpecType, UninhabitedType, get_proper_type

from flowing._mypy.facts import Body, Declaration, Dependencies
from flowing._mypy.judge import MypyJudge
from flowing._mypy.names import Unnamed, keep_on_function, name_given, name_of_function, name_on, with_name
from flowing._mypy.reading import (
    TASK_FUNCTION,
    is_call_of_task,
    options_of,
    read_body,
    read_dependencies,
    read_function,
    read_gates,
    type_of,
    unreadable,
)
from flowing._mypy.reporting import withdraw
from flowing._mypy.rules import findings, misses_a_value

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mypy.nodes import Context, Expression, TypeInfo
    from mypy.plugin import (
        CheckerPluginInterface,
        ClassDefContext,
        FunctionContext,
        FunctionSigContext,
        MethodContext,
        MethodSigContext,
    )
    from mypy.types import FunctionLike, Type

    from flowing._mypy.reporting import Reporter
    from flowing._mypy.variables import Variables

    Made = TypeVar("Made", FunctionContext, MethodContext)

FindClass: TypeAlias = "Callable[[str], TypeInfo | None]"

_FUNCTION: Final = "flowing._task.shapes.Function"
_SYNC: Final = "flowing._task.declared.SyncTask"
_ASYNC: Final = "flowing._task.declared.AsyncTask"
_COROUTINE: Final = "typing.Coroutine"
_ROOT_DECORATOR: Final = "flowing._task.shapes.RootDecorator"
_NO_REQUIRED: Final = "flowing._task.shapes.NoRequiredParameters"
_UNRETURNABLE: Final = "flowing._task.shapes.Unreturnable"


# ── checks: outside mypy's filter for errors, once for each overload ─────────────────────────────


def check_decorated(reporter: Reporter, class_named: FindClass, ctx: MethodSigContext) -> FunctionLike:
    """Check a function under `@task(...)`, and a function given to the decorator that `task(...)` made."""
    signature = ctx.default_signature
    is_root = isinstance(ctx.type, Instance) and ctx.type.type.fullname == _ROOT_DECORATOR
    is_first = _asks_for_unreturnable(signature)
    if not (is_first or is_root) or not ctx.args or len(ctx.args[0]) != 1:
        return signature
    checker = _checker(ctx.api)
    declared = _read_decorated(checker, ctx, ctx.args[0][0], is_root=is_root)
    if checker.current_node_deferred:
        return signature
    if is_first:
        ignorable_at = _call_of_task(ctx.context) if is_root else None
        reporter.report(checker, findings(declared, MypyJudge(checker)), ignorable_at=ignorable_at)
    return _forgiving(signature, class_named(_FUNCTION)) if is_root and misses_a_value(declared) else signature


def _read_decorated(checker: TypeChecker, ctx: MethodSigContext, function: Expression, *, is_root: bool) -> Declaration:
    call = _call_of_task(ctx.context)
    options = None if call is None else options_of(call)
    name = name_on(ctx.type)
    if isinstance(ctx.context, Decorator) and isinstance(function, TempNode):
        name = ctx.context.func.name if name is Unnamed.FUNCTION else name
        body = _body_of(checker, ctx.context, function.type)
    else:
        name = name_of_function(function) if name is Unnamed.FUNCTION else name
        body = read_body(checker, function)
    declared = _declaration(checker, options or {}, name, body)
    if options is None and not is_root:
        return declared._replace(depends_on=unreadable(call or body.place))
    return declared


def check_call(reporter: Reporter, class_named: FindClass, ctx: FunctionSigContext) -> FunctionLike:
    """Check a function given to `task(function, ...)`."""
    signature, call = ctx.default_signature, ctx.context
    if not isinstance(call, CallExpr) or not call.args or call.arg_kinds[0] != ARG_POS:
        return signature  # `task(...)`, whose result makes the task
    is_first = _asks_for_unreturnable(signature)
    options = options_of(call)
    if options is None or "fn" not in options:
        return signature
    is_root = "depends_on" not in options
    if is_root == ("depends_on" in signature.arg_names) or not (is_first or is_root):
        return signature
    checker = _checker(ctx.api)
    given = options.get("name")
    name = Unnamed.FUNCTION if given is None else name_given(type_of(checker, given))
    name = name_of_function(options["fn"]) if name is Unnamed.FUNCTION else name
    declared = _declaration(checker, options, name, read_body(checker, options["fn"]))
    if checker.current_node_deferred:
        return signature
    if is_first:
        reporter.report(checker, findings(declared, MypyJudge(checker)), ignorable_at=call if is_root else None)
    return _forgiving(signature, class_named(_FUNCTION)) if is_root and misses_a_value(declared) else signature


def _declaration(
    checker: TypeChecker, options: Mapping[str, Expression], name: str | Unnamed, body: Body
) -> Declaration:
    depends_on = options.get("depends_on")
    return Declaration(
        name if isinstance(name, str) else None,
        body,
        None if depends_on is None else read_dependencies(checker, depends_on),
        read_dependencies(checker, options.get("after")),
        read_gates(checker, options),
    )


def _body_of(checker: TypeChecker, decorated: Decorator, type_: Type) -> Body:
    proper = get_proper_type(type_)
    if not isinstance(proper, CallableType):
        return Body(None, decorated.func)
    return Body(read_function(checker, proper, decorated.func.arguments, decorated.func), decorated.func)


def _call_of_task(context: Context) -> CallExpr | None:
    """Find the `task(...)` among the decorators, or the one whose result is called on the spot."""
    match context:
        case Decorator():
            calls = [each for each in context.decorators if isinstance(each, CallExpr) and is_call_of_task(each)]
            return calls[0] if len(calls) == 1 else None
        case CallExpr(callee=CallExpr() as call) if is_call_of_task(call):
            return call
        case _:
            return None


def _asks_for_unreturnable(signature: CallableType) -> bool:
    """Tell the first overload of its kind, which asks for a function that returns `Unreturnable`."""
    match get_proper_type(signature.arg_types[0]):
        case CallableType(ret_type=result):
            pass
        case Instance(args=[_, result, *_]):
            pass
        case _:
            return False
    proper = get_proper_type(result)
    return isinstance(proper, Instance) and proper.type.fullname == _UNRETURNABLE


def _forgiving(signature: CallableType, protocol: TypeInfo | None) -> CallableType:
    """Let the function need something: that has been reported, in better words."""
    first = get_proper_type(signature.arg_types[0])
    if protocol is None or not isinstance(first, Instance) or first.type.fullname != _NO_REQUIRED:
        return signature
    return signature.copy_modified(  # pyright: ignore[reportUnknownMemberType] - mypy's own defaults have no type
        arg_types=[Instance(protocol, first.args), *signature.arg_types[1:]]
    )


# ── names: inside mypy's filter, for each overload that it tries ─────────────────────────────────


def naming_variables(variables: Variables, hook: Callable[[Made], Type]) -> Callable[[Made], Type]:
    """Have a hook that names a task name the variable with a written type, too, that the task is assigned to."""

    def name_both(ctx: Made) -> Type:
        made = hook(ctx)
        if isinstance(ctx.context, CallExpr):
            variables.keep_name(_checker(ctx.api), ctx.context, made)
        return made

    return name_both


def name_made_by_task(reporter: Reporter, class_named: FindClass, ctx: FunctionContext) -> Type:
    """Name the task that `task(function, ...)` or a bare `@task` makes, or the decorator that `task(...)` makes."""
    function = ctx.args[0][0] if ctx.callee_arg_names[0] in {None, "fn"} and ctx.args[0] else None
    if isinstance(ctx.context, Decorator):
        _check_bare(_checker(ctx.api), reporter, ctx, ctx.context)
        _keep_on_function(ctx.context, ctx.context.func.name)
        made = _made(ctx, class_named)
        return ctx.default_return_type if made is None else with_name(made, ctx.context.func.name)
    given = _argument(ctx, "name")
    name = Unnamed.FUNCTION if given is None else name_given(given)
    if _hides_arguments(ctx):
        name = Unnamed.UNKNOWN
    if function is None:
        return with_name(ctx.default_return_type, name)
    made = _made(ctx, class_named)
    if made is None:
        return ctx.default_return_type
    return with_name(made, name_of_function(function) if name is Unnamed.FUNCTION else name)


def _check_bare(checker: TypeChecker, reporter: Reporter, ctx: FunctionContext, decorated: Decorator) -> None:
    """Report what the function needs, in place of mypy's own message.

    mypy has no hook for the signature of a function that is a decorator. Where no overload fits it calls one more time
    to report why, and this comes just after that.
    """
    function = ctx.args[0][0] if ctx.args and ctx.args[0] else None
    if not isinstance(function, TempNode) or checker.current_node_deferred:
        return
    body = _body_of(checker, decorated, function.type)
    declared = Declaration(decorated.func.name, body, None, Dependencies(), {})
    if misses_a_value(declared):
        withdraw(checker, ctx.context.line, "NoRequiredParameters[")
        bare = next((each for each in decorated.decorators if not isinstance(each, CallExpr)), None)
        reporter.report(checker, findings(declared, MypyJudge(checker)), ignorable_at=bare)


def name_made_by_bind(ctx: FunctionContext) -> Type:
    """Name the task that `bind` makes, which has the function's name."""
    name = name_of_function(ctx.args[0][0]) if ctx.args and ctx.args[0] else Unnamed.UNKNOWN
    return with_name(ctx.default_return_type, name)


def name_made_by_param(ctx: FunctionContext) -> Type:
    """Name the task that `param` makes, which has the name that it was given."""
    given = ctx.arg_types[0][0] if ctx.arg_types and ctx.arg_types[0] else None
    return with_name(ctx.default_return_type, Unnamed.UNKNOWN if given is None else name_given(given))


def name_made_by_decorator(class_named: FindClass, ctx: MethodContext) -> Type:
    """Name the task that the decorator makes: as it was given, or as the function."""
    made = _made(ctx, class_named)
    if made is None:
        return ctx.default_return_type
    name = name_on(ctx.type)
    if name is Unnamed.FUNCTION:
        if isinstance(ctx.context, Decorator):
            name = ctx.context.func.name
        else:
            name = name_of_function(ctx.args[0][0]) if ctx.args and ctx.args[0] else Unnamed.UNKNOWN
    if isinstance(ctx.context, Decorator):
        _keep_on_function(ctx.context, name)
    return with_name(made, name)


def _keep_on_function(decorated: Decorator, name: str | Unnamed) -> None:
    first = decorated.decorators[0] if decorated.decorators else None
    is_task = isinstance(first, RefExpr) and first.fullname == TASK_FUNCTION
    if is_task or (first is not None and is_call_of_task(first)):  # else another decorator makes what the name leads to
        keep_on_function(decorated, name)


def rename(ctx: MethodContext) -> Type:
    """Name the copy that `with_options` makes: anew, or as the original."""
    given = _argument(ctx, "name")
    name = name_on(ctx.type) if given is None else name_given(given)
    known = isinstance(name, str) and not _hides_arguments(ctx)
    return with_name(ctx.default_return_type, name if known else Unnamed.UNKNOWN)


def _made(ctx: FunctionContext | MethodContext, class_named: FindClass) -> Type | None:
    """Give every overload that a function with Any in it fits the same result, and one that fits none its own.

    mypy makes the result Any where they differ: for each function without annotations, and for many an `async def`.
    None for the overload of an `async def` where the function is not one.
    """
    made = get_proper_type(ctx.default_return_type)
    function = get_proper_type(ctx.arg_types[0][0]) if ctx.arg_types and ctx.arg_types[0] else None
    if not isinstance(made, Instance) or len(made.args) != 2 or not isinstance(function, CallableType):  # noqa: PLR2004 - P and R
        return made
    result = get_proper_type(function.ret_type)
    if isinstance(result, UninhabitedType):
        return made
    if isinstance(result, AnyType):
        return _with_class(made, class_named(_SYNC), result)
    if isinstance(result, Instance) and result.type.fullname == _COROUTINE:
        return _with_class(made, class_named(_ASYNC), result.args[-1])
    if made.type.fullname == _ASYNC and isinstance(result, (Instance, NoneType)):
        return None
    fits_none = isinstance(get_proper_type(made.args[1]), AnyType) and not function.variables
    return Instance(made.type, [made.args[0], result]) if fits_none else made


def _with_class(made: Instance, kind: TypeInfo | None, result: Type) -> Instance:
    return made if kind is None else Instance(kind, [made.args[0], result])


def _argument(ctx: FunctionContext | MethodContext, name: str) -> Type | None:
    if name not in ctx.callee_arg_names:
        return None
    values = ctx.arg_types[ctx.callee_arg_names.index(name)]
    return values[0] if values else None


def _hides_arguments(ctx: FunctionContext | MethodContext) -> bool:
    return any(kind.is_star() for kinds in ctx.arg_kinds for kind in kinds)


def _checker(api: CheckerPluginInterface) -> TypeChecker:
    assert isinstance(api, TypeChecker), "mypy's only checker"
    return api


# ── lists of unlike tasks ────────────────────────────────────────────────────────────────────────


def join_as_tasks(ctx: ClassDefContext) -> None:
    """Let two tasks of unlike parameters join to `Task[object]`, not to `object`.

    mypy takes the upper bound of a ParamSpec for the join of two classes whose ParamSpecs differ.
    """
    bases = [base for base in ctx.cls.info.bases if base.args]
    if not bases:
        return
    task = Instance(bases[0].type, [ctx.api.named_type("builtins.object", [])])
    for each in ctx.cls.type_vars:
        if isinstance(each, ParamSpecType):
            each.upper_bound = task
