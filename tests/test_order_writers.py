"""Orders, and what a listing publishes, are written by services alone.

Read from the code: a write is a call of one of WRITES on something that comes from a
guarded model: its manager, a queryset or row of it in a variable, a parameter or what
a function of the file returns.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import channels_amazon

ROOT = Path(channels_amazon.__file__).parent
# Nobody in these layers may write a guarded row himself.
READERS = ("sync", "views", "admin", "health", "worker", "templatetags")
GUARDED = frozenset({"Order", "OrderLine", "Reservation", "Listing", "StockLevel"})
WRITES = frozenset(
    {
        "save",
        "delete",
        "update",
        "create",
        "bulk_create",
        "bulk_update",
        "get_or_create",
        "update_or_create",
    }
)


def names_in(node: ast.AST) -> set[str]:
    """Return every name that an expression or annotation mentions, quoted ones too."""
    found = {one.id for one in ast.walk(node) if isinstance(one, ast.Name)}
    quoted = [one.value for one in ast.walk(node) if isinstance(one, ast.Constant)]
    return found | {text for text in quoted if isinstance(text, str)}


def models_of(tree: ast.Module) -> set[str]:
    """Return the names under which the file knows guarded models."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            if node.module.startswith("channels_amazon.models"):
                found |= {
                    name.asname or name.name
                    for name in node.names
                    if name.name in GUARDED
                }
    return found


def rows_of(tree: ast.Module, models: set[str]) -> set[str]:
    """Return the names that stand for rows or querysets of these models."""
    rows = set(models)
    for node in ast.walk(tree):
        if isinstance(node, ast.arg) and node.annotation is not None:
            if names_in(node.annotation) & models:
                rows.add(node.arg)
        elif isinstance(node, ast.FunctionDef) and node.returns is not None:
            if names_in(node.returns) & models:
                rows.add(node.name)
    # A name is one once what it is set to mentions one; twice, for chains of them.
    for _ in range(2):
        for node in ast.walk(tree):
            if isinstance(node, ast.Assign) and receiver(node.value) & rows:
                rows |= {one.id for one in node.targets if isinstance(one, ast.Name)}
            elif isinstance(node, ast.For) and names_in(node.iter) & rows:
                rows |= names_in(node.target)
    return rows


def receiver(node: ast.AST) -> set[str]:
    """Return the name that a chain of calls and attributes begins with."""
    while isinstance(node, ast.Attribute | ast.Call | ast.Subscript):
        node = node.func if isinstance(node, ast.Call) else node.value
    return {node.id} if isinstance(node, ast.Name) else set()


def writes_in(source: str) -> Iterator[str]:
    """Yield each write of a guarded row in the source, with its line."""
    tree = ast.parse(source)
    models = models_of(tree)
    rows = rows_of(tree, models) if models else set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            if node.func.attr in WRITES and receiver(node.func.value) & rows:
                yield f"{node.lineno}: {ast.unparse(node)[:60]}"


@pytest.mark.parametrize("layer", READERS)
def test_orders_are_written_by_services_alone(layer: str) -> None:
    found = {
        f"{path.relative_to(ROOT)}:{write}"
        for path in sorted((ROOT / layer).rglob("*.py"))
        for write in writes_in(path.read_text())
    }

    assert not found


@pytest.mark.parametrize(
    "write",
    [
        "Order.objects.filter(pk=1).update(status='')",
        "Order.objects.create()",
        "known = Order.objects.filter(pk=1)\nknown.exclude(pk=2).delete()",
        "def f(order: Order) -> None:\n    order.save()",
        "def f() -> QuerySet[Order]: ...\nf().filter(pk=1).update(status='')",
        "for row in Order.objects.all():\n    row.delete()",
    ],
)
def test_guard_sees_a_write(write: str) -> None:
    source = f"from channels_amazon.models import AmazonAccount, Order\n{write}\n"

    assert list(writes_in(source))


@pytest.mark.parametrize(
    "line",
    [
        "Order.objects.filter(pk=1).exists()",
        "OrderReport.objects.update(cursor=1)",
        "figures = {}\nfigures.update(Order.objects.in_bulk())",
    ],
)
def test_guard_lets_a_reader_read(line: str) -> None:
    source = f"from channels_amazon.models import Order, OrderReport\n{line}\n"

    assert not list(writes_in(source))
