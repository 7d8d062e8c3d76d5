"""Orders, and what a listing publishes, are written by services alone.

Read from the code: a write is a call of one of WRITES on something that comes from a
guarded model: its manager, a queryset or row of it in a variable, a parameter, what a
function of the file returns, or a relation that leads to one.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import channels_amazon

ROOT = Path(channels_amazon.__file__).parent
# Nobody in these layers may write a guarded row himself.
READERS = (
    "admin",
    "forms",
    "health",
    "management",
    "storefronts",
    "sync",
    "tasks.py",
    "templatetags",
    "views",
    "worker",
)
GUARDED = frozenset({"Order", "OrderLine", "Reservation", "Listing", "StockLevel"})
# Relations that lead to guarded rows, from whatever row.
RELATIONS = frozenset(
    {
        *("order", "line", "listing", "reservation", "level"),
        *("orders", "lines", "listings", "reservations", "levels"),
    }
)
_WRITES = (
    "save",
    "delete",
    "update",
    "create",
    "bulk_create",
    "bulk_update",
    "get_or_create",
    "update_or_create",
)
WRITES = frozenset({*_WRITES, *(f"a{name}" for name in _WRITES)})
# What these are given is what they give.
PASSING = frozenset({"cast", "iter", "list", "next", "reversed", "sorted", "tuple"})

Function = ast.FunctionDef | ast.AsyncFunctionDef


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


def returning(tree: ast.Module, models: set[str]) -> set[str]:
    """Return the functions of the file that say they return guarded rows."""
    return {
        node.name
        for node in ast.walk(tree)
        if isinstance(node, Function)
        and node.returns is not None
        and names_in(node.returns) & models
    }


def leads_to(node: ast.AST, rows: set[str]) -> bool:
    """Tell whether an expression gives guarded rows, knowing the names of some."""
    match node:
        case ast.Name():
            return node.id in rows
        case ast.Attribute():
            is_one = node.attr in RELATIONS or node.attr in GUARDED
            return is_one or leads_to(node.value, rows)
        case ast.Call(func=ast.Name(id=name)) if name in PASSING:
            return any(leads_to(one, rows) for one in node.args)
        case ast.Call():
            return leads_to(node.func, rows)
        case ast.Subscript() | ast.Await() | ast.NamedExpr() | ast.Starred():
            return leads_to(node.value, rows)
        case ast.IfExp():
            return leads_to(node.body, rows) or leads_to(node.orelse, rows)
        case ast.BoolOp():
            return any(leads_to(one, rows) for one in node.values)
        case ast.Tuple() | ast.List():
            return any(leads_to(one, rows) for one in node.elts)
        case ast.ListComp() | ast.SetComp() | ast.GeneratorExp():
            return leads_to(node.elt, rows)
    return False


def named_by(node: ast.AST, rows: set[str]) -> set[str]:
    """Return the names that a statement or clause gives to guarded rows."""
    match node:
        case ast.Assign(targets=targets, value=value):
            if leads_to(value, rows):
                return {name for one in targets for name in plain_names(one)}
        case ast.AnnAssign(target=target, value=value, annotation=told):
            if names_in(told) & rows or (value and leads_to(value, rows)):
                return plain_names(target)
        case ast.NamedExpr(target=target, value=value):
            return plain_names(target) if leads_to(value, rows) else set()
        case ast.arg(arg=name, annotation=ast.expr() as told):
            return {name} if names_in(told) & rows else set()
        case (
            ast.For(target=target, iter=source)
            | ast.AsyncFor(target=target, iter=source)
            | ast.comprehension(target=target, iter=source)
        ):
            if any(leads_to(one, rows) for one in ast.walk(source)):
                return plain_names(target)
    return set()


def plain_names(target: ast.AST) -> set[str]:
    """Return the names that a target sets: not what it only reaches into."""
    if isinstance(target, ast.Tuple | ast.List):
        return {name for one in target.elts for name in plain_names(one)}
    return {target.id} if isinstance(target, ast.Name) else set()


def scopes(tree: ast.Module) -> Iterator[list[ast.AST]]:
    """Yield the nodes of each outermost function, then those that are in none."""
    rest: list[ast.AST] = []
    waiting: list[ast.AST] = [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, Function):
            yield list(ast.walk(node))
        else:
            rest.append(node)
            waiting += ast.iter_child_nodes(node)
    yield rest


def writes_in(source: str) -> Iterator[str]:
    """Yield each write of a guarded row in the source, with its line."""
    tree = ast.parse(source)
    models = models_of(tree)
    known = models | returning(tree, models)
    for nodes in scopes(tree):
        rows = set(known)
        before = -1
        # A name may come from another one: until none is new.
        while before != len(rows):
            before = len(rows)
            for node in nodes:
                rows |= named_by(node, rows)
        for node in nodes:
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                if node.func.attr in WRITES and leads_to(node.func.value, rows):
                    yield f"{node.lineno}: {ast.unparse(node)[:60]}"


def files_of(layer: str) -> list[Path]:
    """Return the Python files of a layer, which may be a single one."""
    place = ROOT / layer
    return [place] if place.is_file() else sorted(place.rglob("*.py"))


@pytest.mark.parametrize("layer", READERS)
def test_orders_are_written_by_services_alone(layer: str) -> None:
    found = {
        f"{path.relative_to(ROOT)}:{write}"
        for path in files_of(layer)
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
        "row: Order = find()\nrow.save()",
        "row: Any = Order.objects.get(pk=1)\nrow.save()",
        "ctx.account.orders.filter(pk=1).update(status='')",
        "variant.levels.all().delete()",
        "shipment.order.save()",
        "order = shipment.order\norder.save()",
        "if row := Order.objects.first():\n    row.save()",
        "(row := shipment.order).save()",
        "[row.save() for row in Order.objects.all()]",
        "rows = [one.order for one in shipments]\nfor row in rows:\n    row.save()",
        "for place, row in enumerate(Order.objects.all()):\n    row.save()",
        "row, other = Order.objects.get(pk=1), 2\nrow.save()",
        "async def f() -> None:\n    await Order.objects.filter(pk=1).aupdate(x=1)",
        "async def f() -> None:\n    row = await Order.objects.aget(pk=1)\n"
        "    await row.asave()",
        "from channels_amazon import models\nmodels.Listing.objects.create()",
        "next(iter(Order.objects.all())).delete()",
        "def f() -> None:\n    def g(row: 'Order') -> None:\n        row.save()",
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
        "shipment.order.lines.count()",
        "def f(order: Order) -> None: ...\ndef g(order: Parcel) -> None:\n"
        "    order.save()",
    ],
)
def test_guard_lets_a_reader_read(line: str) -> None:
    source = f"from channels_amazon.models import Order, OrderReport\n{line}\n"

    assert not list(writes_in(source))
