"""Variables with a written type that a task is assigned to: they keep its name too. Changes nothing else of them.

mypy gives such a variable the type that is written, on which no name stands. One that several statements assign keeps
none: what it holds where it is read depends on the way there.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, final

from mypy.nodes import (
    GDEF,
    LDEF,
    AssignmentStmt,
    Block,
    CallExpr,
    ClassDef,
    Decorator,
    ForStmt,
    FuncDef,
    IfStmt,
    MatchStmt,
    NameExpr,
    OverloadedFuncDef,
    StarExpr,
    TryStmt,
    TupleExpr,
    Var,
    WhileStmt,
    WithStmt,
)
from mypy.types import Instance, get_proper_type

from flowing._mypy.names import name_on, with_name
from flowing._mypy.reading import value_made

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from mypy.checker import TypeChecker
    from mypy.nodes import Expression, Statement
    from mypy.types import Type


@final
class Variables:
    """Those of the module that is being checked. They are looked for once, when the first task of it is made."""

    def __init__(self) -> None:
        self._statements: Sequence[Statement] = ()  # that were searched: the daemon gives a module that changed others
        self._found: Mapping[CallExpr, Var] = {}

    def keep_name(self, checker: TypeChecker, call: CallExpr, made: Type) -> None:
        """Keep the name of the task that a call makes on the variable that alone is assigned it, if there is one."""
        name = name_on(get_proper_type(made))
        if not isinstance(name, str):
            return
        if checker.tree.defs is not self._statements:
            self._statements, self._found = checker.tree.defs, _annotated_once(checker.tree.defs)
        variable = self._found.get(call)
        declared = None if variable is None else get_proper_type(variable.type)
        if variable is not None and isinstance(declared, Instance) and value_made(declared) is not None:
            variable.type = with_name(declared, name)


def _annotated_once(statements: Sequence[Statement]) -> Mapping[CallExpr, Var]:
    """Find the calls whose values go to a variable with a written type that no other statement assigns. O(module)."""
    times: Counter[Var] = Counter()
    annotated: dict[CallExpr, Var] = {}
    for statement in _all_in(statements):
        assigned = [each for lvalue in _lvalues_of(statement) for each in _variables_in(lvalue)]
        times.update(assigned)
        match statement:
            case AssignmentStmt(rvalue=CallExpr() as call) if statement.unanalyzed_type is not None and assigned:
                annotated[call] = assigned[0]
            case _:
                pass
    return {call: variable for call, variable in annotated.items() if times[variable] == 1}


def _all_in(statements: Sequence[Statement]) -> Iterator[Statement]:
    """Walk the statements, and those inside them, in any order."""
    waiting = [*statements]
    while waiting:
        statement = waiting.pop()
        yield statement
        waiting += [each for each in _directly_in(statement) if each is not None]


def _directly_in(statement: Statement) -> Sequence[Statement | None]:
    match statement:
        case Block():
            return statement.body
        case Decorator():
            return [statement.func]
        case FuncDef() | WithStmt():
            return [statement.body]
        case OverloadedFuncDef():
            return statement.items
        case ClassDef():
            return [statement.defs]
        case IfStmt():
            return [*statement.body, statement.else_body]
        case ForStmt() | WhileStmt():
            return [statement.body, statement.else_body]
        case TryStmt():
            return [statement.body, *statement.handlers, statement.else_body, statement.finally_body]
        case MatchStmt():
            return statement.bodies
        case _:
            return []


def _lvalues_of(statement: Statement) -> Sequence[Expression | None]:
    match statement:
        case AssignmentStmt():
            return statement.lvalues
        case ForStmt():
            return [statement.index]
        case WithStmt():
            return statement.target
        case _:
            return []


def _variables_in(lvalue: Expression | None) -> Iterator[Var]:
    """Give the variables of modules and functions; an attribute may be assigned wherever its object is."""
    match lvalue:
        case NameExpr(node=Var() as variable) if lvalue.kind in {GDEF, LDEF}:
            yield variable
        case TupleExpr():
            for item in lvalue.items:
                yield from _variables_in(item)
        case StarExpr():
            yield from _variables_in(lvalue.expr)
        case _:
            return
