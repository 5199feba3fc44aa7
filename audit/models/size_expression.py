"""The arithmetic by which a program states the sizes of its tensors. torch evaluates it as Python."""

import ast
import re
from collections.abc import Callable
from typing import Any

from audit.models.program_values import NotAllowed

LONGEST = 2000
LARGEST = 2**63
HIGHEST_POWER = 8

SYMBOL = re.compile(r"[a-z]{1,4}\d{1,4}|int_oo|oo|zoo", re.ASCII)
ASSUMPTIONS = {"integer", "positive", "nonnegative", "negative", "nonpositive", "nonzero", "zero", "real", "finite"}
LITERALS = {"Integer", "Float", "Rational"}
POWERS = {"Pow", "PowByNatural", "FloatPow", "LShift"}
FUNCTIONS = {
    *("Add", "Mul", "Mod", "Min", "Max", "Abs", "floor", "ceiling"),
    *("FloorDiv", "ModularIndexing", "Where", "PythonMod", "CleanDiv", "CeilToInt", "FloorToInt", "CeilDiv", "RShift"),
    *("FloatTrueDiv", "IntTrueDiv", "TruncToFloat", "TruncToInt", "RoundToInt", "ToFloat", "Identity"),
    "IsNonOverlappingAndDenseIndicator",
    *("Eq", "Ne", "Lt", "Le", "Gt", "Ge", "Equality", "Unequality", "StrictLessThan", "LessThan"),
    *("StrictGreaterThan", "GreaterThan", "And", "Or", "Not"),
}
"""The parts of sympy and of torch that sizes are made of."""

OPERATORS = (
    *(ast.Add, ast.Sub, ast.Mult, ast.Div, ast.FloorDiv, ast.Mod, ast.USub, ast.UAdd, ast.Invert),
    *(ast.Eq, ast.NotEq, ast.Lt, ast.LtE, ast.Gt, ast.GtE, ast.BitAnd, ast.BitOr),
)


def size_expression(value: Any) -> str:
    """The expression, written anew from what was understood of it.

    Raises NotAllowed where it is anything but sums, products, small powers and comparisons of whole symbols.
    """
    if not isinstance(value, str) or len(value) > LONGEST:
        raise NotAllowed(value)
    try:
        tree = ast.parse(value.strip(), mode="eval").body
        if not _allowed(tree):
            raise NotAllowed(value)
        return ast.unparse(tree)
    except (SyntaxError, ValueError, MemoryError, RecursionError) as error:
        raise NotAllowed(value) from error


def symbol(value: Any) -> str:
    """The name of one symbol, as 's77'."""
    if not isinstance(value, str) or not SYMBOL.fullmatch(value):
        raise NotAllowed(value)
    return value


def _allowed(node: ast.AST) -> bool:  # noqa: PLR0911 one for each kind
    match node:
        case ast.Constant(value=bool()):
            return True
        case ast.Constant(value=int() | float() as number):
            return abs(number) < LARGEST
        case ast.Name(id=name):
            return SYMBOL.fullmatch(name) is not None or name in ("true", "false")
        case ast.UnaryOp(op=op, operand=operand):
            return isinstance(op, OPERATORS) and _allowed(operand)
        case ast.BinOp(left=base, op=ast.Pow(), right=exponent):
            return _small_power(base, exponent)
        case ast.BinOp(left=left, op=op, right=right):
            return isinstance(op, OPERATORS) and _allowed(left) and _allowed(right)
        case ast.Compare(left=left, ops=ops, comparators=others):
            return all(isinstance(op, OPERATORS) for op in ops) and all(map(_allowed, (left, *others)))
        case ast.Call(func=ast.Name(id=name), args=arguments, keywords=keywords):
            return _allowed_call(name, arguments, keywords)
    return False


def _allowed_call(name: str, arguments: list[ast.expr], keywords: list[ast.keyword]) -> bool:
    if name == "Symbol":
        return _is_symbol(arguments, keywords)
    if keywords:
        return False
    if name in LITERALS:
        return _are_literals(name, arguments)
    if name in POWERS:
        return len(arguments) == 2 and _small_power(*arguments)
    return name in FUNCTIONS and all(map(_allowed, arguments))


def _is_symbol(arguments: list[ast.expr], keywords: list[ast.keyword]) -> bool:
    match arguments:
        case [ast.Constant(value=str() as name)]:
            stated = all(k.arg in ASSUMPTIONS and _constant(k.value, lambda v: isinstance(v, bool)) for k in keywords)
            return SYMBOL.fullmatch(name) is not None and stated
    return False


def _are_literals(name: str, arguments: list[ast.expr]) -> bool:
    texts = name == "Float" and bool(arguments) and _constant(arguments[0], _is_decimal)
    return bool(arguments) and all(map(_is_number, arguments[1:] if texts else arguments))


def _is_number(node: ast.AST) -> bool:
    inner = node.operand if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub) else node
    return isinstance(inner, ast.Constant) and not isinstance(inner.value, str) and _allowed(inner)


def _is_decimal(value: Any) -> bool:
    return isinstance(value, str) and re.fullmatch(r"-?\d{1,20}(\.\d{0,40})?(e[-+]?\d{1,3})?", value) is not None


def _small_power(base: ast.AST, exponent: ast.AST) -> bool:
    """One power of no other: a power of powers grows past all bounds from a few letters."""
    powers = any(
        (isinstance(part, ast.BinOp) and isinstance(part.op, ast.Pow))
        or (isinstance(part, ast.Name) and part.id in POWERS)
        for part in ast.walk(base)
    )
    return not powers and _allowed(base) and _is_small(exponent)


def _is_small(node: ast.AST) -> bool:
    match node:
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return _is_small(operand)
        case ast.Call(func=ast.Name(id="Integer" | "Rational"), args=arguments, keywords=[]):
            return bool(arguments) and all(map(_is_small, arguments))
    return _constant(node, lambda value: isinstance(value, int | float) and abs(value) <= HIGHEST_POWER)


def _constant(node: ast.AST, holds: Callable[[Any], bool]) -> bool:
    return isinstance(node, ast.Constant) and holds(node.value)
