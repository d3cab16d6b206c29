"""Every small way to write a module wrongly, one at a time: ``mutants_of(source)``.

Only what decides is changed: comparisons, and/or/not, numbers, arithmetic, raised refusals,
conditions, returned values. Texts, annotations, docstrings and decorators are not: a hint
worded otherwise is no fault that a test must find.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

_COMPARE: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
}
_ARITHMETIC: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Add,
    ast.Pow: ast.Mult,
    ast.BitOr: ast.BitAnd,
    ast.BitAnd: ast.BitOr,
    ast.FloorDiv: ast.Mult,
}
_CALLS = {"max": "min", "min": "max", "any": "all", "all": "any"}


@dataclass(frozen=True, slots=True)
class Mutant:
    """One change.

    Attributes:
        line, column: where, from 1 and 0.
        what: the change in words.
        source: the whole module with it.
    """

    line: int
    column: int
    what: str
    source: str

    @property
    def name(self) -> str:
        return f"{self.line}.{self.column}: {self.what}"


def mutants_of(source: str) -> Iterator[Mutant]:
    """Every mutant of a module, in the order of its lines."""
    found = [
        Mutant(line, column, what, changed)
        for number in range(len(list(_sites(ast.parse(source)))))
        for line, column, what, changed in _at(source, number)
    ]
    seen: set[str] = set()
    for mutant in sorted(found, key=lambda each: (each.line, each.column, each.what)):
        if mutant.source not in seen:
            seen.add(mutant.source)
            yield mutant


def _at(source: str, number: int) -> Iterator[tuple[int, int, str, str]]:
    choice = 0
    while True:
        tree = ast.parse(source)
        node, parent, field, index = list(_sites(tree))[number]
        options = list(_options(node))
        if choice >= len(options):
            return
        what, replacement = options[choice]
        if index is None:
            setattr(parent, field, replacement)
        else:
            getattr(parent, field)[index] = replacement
        placed = node.target if isinstance(node, ast.comprehension) else node
        line, column = getattr(placed, "lineno", 0), getattr(placed, "col_offset", 0)
        yield line, column, what, ast.unparse(ast.fix_missing_locations(tree))
        choice += 1


def _sites(tree: ast.AST) -> Iterator[tuple[ast.AST, ast.AST, str, int | None]]:
    """Every node that may change, with where it hangs."""
    for field, value in ast.iter_fields(tree):
        if field in ("annotation", "returns", "decorator_list", "type_params"):
            continue
        items = value if isinstance(value, list) else [value]
        for index, node in enumerate(items):
            if isinstance(node, ast.AST) and not _is_text(node, tree) and not _declares(node):
                yield node, tree, field, index if isinstance(value, list) else None
                yield from _sites(node)


def _declares(node: ast.AST) -> bool:
    """``at(1, …)``: under which number a field of the state is kept decides nothing."""
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "at"


def _is_text(node: ast.AST, parent: ast.AST) -> bool:
    return isinstance(node, ast.Constant | ast.JoinedStr | ast.FormattedValue) and isinstance(
        parent, ast.Expr | ast.JoinedStr | ast.FormattedValue
    )


def _options(node: ast.AST) -> Iterator[tuple[str, ast.AST]]:
    match node:
        case ast.Compare(left=left, ops=ops, comparators=comparators):
            for place, op in enumerate(ops):
                for other in _COMPARE.get(type(op), ()):
                    changed = [*ops[:place], other(), *ops[place + 1 :]]
                    what = f"{type(op).__name__} becomes {other.__name__}"
                    yield what, ast.Compare(left, changed, comparators)
        case ast.BoolOp(op=op, values=values):
            other = ast.Or() if isinstance(op, ast.And) else ast.And()
            yield f"{type(op).__name__} flipped", ast.BoolOp(other, values)
            for place in range(len(values)):
                rest = [*values[:place], *values[place + 1 :]]
                what = f"operand {place + 1} of {type(op).__name__} left out"
                yield what, rest[0] if len(rest) == 1 else ast.BoolOp(op, rest)
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            yield "not left out", operand
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _ARITHMETIC:
            other = _ARITHMETIC[type(op)]
            yield f"{type(op).__name__} becomes {other.__name__}", ast.BinOp(left, other(), right)
        case ast.Constant(value=bool(value)):
            yield f"{value} flipped", ast.Constant(not value)
        case ast.Constant(value=int(value)):
            yield f"{value} becomes {value + 1}", ast.Constant(value + 1)
        case ast.Raise():
            yield "raise left out", ast.Pass()
        case ast.If(test=test, body=body, orelse=orelse):
            yield "if never", ast.If(ast.Constant(False), body, orelse)
            yield "if always", ast.If(ast.Constant(True), body, orelse)
            _ = test
        case ast.IfExp(body=body, orelse=orelse):
            yield "only the first branch", body
            yield "only the second branch", orelse
        case ast.Call(func=ast.Name(id=name), args=args, keywords=keywords) if name in _CALLS:
            changed_name = ast.Name(_CALLS[name], ast.Load())
            yield f"{name} becomes {_CALLS[name]}", ast.Call(changed_name, args, keywords)
        case ast.Expr(value=ast.Call()):
            yield "call left out", ast.Pass()
        case ast.comprehension(ifs=ifs) if ifs:
            yield "filter left out", ast.comprehension(node.target, node.iter, [], node.is_async)
        case ast.Continue():
            yield "continue becomes break", ast.Break()
        case ast.Attribute(value=ast.Name(id="Reason"), attr=attr) if attr != "INTERNAL":
            value = ast.Name("Reason", ast.Load())
            yield f"reason {attr} becomes INTERNAL", ast.Attribute(value, "INTERNAL", ast.Load())
        case _:
            return
