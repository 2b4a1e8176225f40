"""Metrics that are made of other metrics, as expressions that the page can evaluate again after each filter."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from typing import Any, TypeAlias

from reporting.expressions import REFERENCE

# A number, or [operation, operand, …].
Formula: TypeAlias = Any
OPERATORS: dict[type[ast.operator], str] = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/"}
FUNCTIONS = ("nullif", "coalesce")
CAST = re.compile(r"::\s*(double precision|double|float|numeric|decimal)\b", re.IGNORECASE)


class NotComputable(Exception):
    """The page cannot compute this; it can show what the warehouse has computed."""


def formula_of(sql: str, formula_of_metric: Callable[[str], Formula]) -> Formula:
    """Return the formula that a metric's SQL is: arithmetic, `nullif` and `coalesce` over `${metric}`.

    Args:
        sql: The metric's `sql`.
        formula_of_metric: Returns the formula of the metric that a reference names.

    Raises:
        NotComputable: It is more than that.
    """
    # What stands for a reference below.
    if re.search(r"\b_\d", sql):
        raise NotComputable(sql)
    references: list[str] = []

    def named(match: re.Match[str]) -> str:
        references.append(match[1])
        return f"_{len(references) - 1}"

    try:
        # What is left has the same form and precedence in Python as in SQL.
        tree = ast.parse(CAST.sub("", REFERENCE.sub(named, sql)).strip(), mode="eval")
    except SyntaxError as error:
        raise NotComputable(sql) from error
    return converted(tree.body, lambda name: formula_of_metric(references[int(name.removeprefix("_"))]))


def converted(node: ast.expr, resolve: Callable[[str], Formula]) -> Formula:
    """Return the formula of a part of an expression."""
    match node:
        case ast.Constant(value=int() | float() as value) if not isinstance(value, bool):
            return value
        case ast.Name(id=name) if re.fullmatch(r"_\d+", name):
            return resolve(name)
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return ["-", 0, converted(operand, resolve)]
        case ast.BinOp(left=left, op=operator, right=right) if type(operator) in OPERATORS:
            return [OPERATORS[type(operator)], converted(left, resolve), converted(right, resolve)]
        case ast.Call(func=ast.Name(id=name), args=arguments, keywords=[]) if name.lower() in FUNCTIONS:
            return [name.lower(), *(converted(argument, resolve) for argument in arguments)]
    raise NotComputable(ast.unparse(node))
