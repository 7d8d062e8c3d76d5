"""A database of an earlier version with rows in every table, and what becomes of them.

The tables are filled through the models as the migrations know them, so the rows are
what that version would have left behind.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from zlib import crc32

from django.core.management import call_command
from django.db import connections, models
from django.db.migrations import operations
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.operations.base import Operation

APP = "channels_amazon"
_BEGAN = datetime(2026, 1, 1, tzinfo=UTC)
# Every table gets one row with all columns filled, and one that is as empty as may be.
FULL, BARE = range(2)

# A model and its field, in lower case as the migrations name them.
Column = tuple[str, str]
# A model's rows: by primary key, each field's value.
Rows = dict[Any, dict[str, Any]]


@contextmanager
def scratch_database(folder: Path) -> Iterator[None]:
    """Let the default connection lead to a new database; drop it at the end.

    Migrations may use that connection by its name, so no other one serves. Needs
    access to databases to be unblocked.
    """
    connection = connections["default"]
    usual = connection.settings_dict["NAME"]
    name = str(folder / "upgrade.sqlite3")
    if is_server := connection.vendor != "sqlite":
        name = f"{usual}_upgrade"
        _on_server(connection, f'CREATE DATABASE "{name}"')
    connection.close()
    connection.settings_dict["NAME"] = name
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict["NAME"] = usual
        if is_server:
            _on_server(connection, f'DROP DATABASE "{name}"')


def _on_server(connection: Any, statement: str) -> None:
    # Outside any transaction, and connected to another database than the one meant.
    with connection._nodb_cursor() as cursor:
        cursor.execute(statement)


def migrate(target: str = "") -> Any:
    """Migrate the database (to the newest without a target); return its models.

    They are the models as the migrations up to `target` leave them.
    """
    names = [APP, target] if target else []
    # Django's own tables are the newest at any time.
    call_command("migrate", "auth", verbosity=0)
    call_command("migrate", *names, verbosity=0)
    executor = MigrationExecutor(connections["default"])
    nodes = [node for node in executor.loader.applied_migrations if node[0] == APP]
    leaves = executor.loader.graph.leaf_nodes()
    others = [node for node in leaves if node[0] != APP]
    return executor.loader.project_state([*nodes, *others]).apps


def fill(apps: Any) -> None:
    """Put two rows into every table of the application."""
    made: dict[str, list[Any]] = {}
    for model in _by_need(apps):
        rows = made.setdefault(model._meta.label_lower, [])
        for number in (FULL, BARE):
            row = model(**_values(model, number, made))
            row.save(force_insert=True)
            rows.append(row)


def _by_need(apps: Any) -> list[Any]:
    """Return the models, each behind those that its rows point to."""
    left = {
        model._meta.label_lower: model
        for model in [*apps.get_app_config(APP).get_models(), _users(apps)]
    }
    ordered: list[Any] = []
    while left:
        free = [
            label for label, model in left.items() if not _targets(model) & set(left)
        ]
        ordered += [left.pop(name) for name in sorted(free)]
    return ordered


def _users(apps: Any) -> Any:
    return apps.get_model("auth", "User")


def _targets(model: Any) -> set[str]:
    own = model._meta.label_lower
    relations = [field for field in model._meta.concrete_fields if field.is_relation]
    return {field.related_model._meta.label_lower for field in relations} - {own}


def _values(model: Any, number: int, made: dict[str, list[Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for field in model._meta.concrete_fields:
        if field.primary_key:
            continue
        if number == BARE and not field.unique and _may_be_empty(field):
            continue
        if field.is_relation:
            rows = made.get(field.related_model._meta.label_lower, [])
            found[field.name] = rows[number] if rows else None
        else:
            found[field.name] = value_for(field, number)
    return found


def _may_be_empty(field: Any) -> bool:
    return bool(field.null or field.blank or field.has_default())


def value_for(field: Any, number: int) -> Any:
    """Return a value that no other column and no other row has, where the type can."""
    for kinds, make in _MAKERS:
        if isinstance(field, kinds):
            return make(field, number)
    raise TypeError(f"No value is known for {field!r}.")


def _text(field: Any, number: int) -> str:
    if field.choices:
        return str(field.choices[0][0])
    return f"{number}-{field.name}"[: field.max_length]


def _moment(field: Any, number: int) -> datetime:
    seconds = crc32(field.name.encode()) % 80_000
    return _BEGAN + timedelta(days=number, seconds=seconds)


def _day(field: Any, number: int) -> date:
    return _moment(field, number).date()


def _json(field: Any, number: int) -> Any:
    return [field.name] if field.default is list else {field.name: number}


_Maker = Callable[[Any, int], Any]
# The narrower class first: a moment is a date to Django as well.
_MAKERS: tuple[tuple[tuple[type, ...], _Maker], ...] = (
    ((models.DateTimeField,), _moment),
    ((models.DateField,), _day),
    ((models.BooleanField,), lambda field, number: number == FULL),
    ((models.DecimalField,), lambda field, number: Decimal(number + 1)),
    ((models.FloatField,), lambda field, number: number + 1.5),
    ((models.UUIDField,), lambda field, number: uuid.UUID(int=number + 1)),
    ((models.JSONField,), _json),
    ((models.IntegerField,), lambda field, number: number + 1),
    ((models.CharField, models.TextField), _text),
)


def snapshot(apps: Any) -> dict[str, Rows]:
    """Return every row of the application by its model's name in lower case."""
    return {
        model._meta.model_name: {
            row.pk: {
                field.name: getattr(row, field.attname)
                for field in model._meta.concrete_fields
            }
            for row in model.objects.order_by("pk")
        }
        for model in apps.get_app_config(APP).get_models()
    }


def fates(start: str) -> dict[Column, Column | None]:
    """Return where each column of the version `start` is today; None: taken away."""
    loader = MigrationExecutor(connections["default"]).loader
    before = loader.project_state([(APP, start)])
    found: dict[Column, Column | None] = {
        (name, field): (name, field)
        for (app, name), model in before.models.items()
        if app == APP
        for field in model.fields
    }
    plans = map(loader.graph.forwards_plan, loader.graph.leaf_nodes(APP))
    for node in dict.fromkeys(node for plan in plans for node in plan):
        if node[0] == APP and node[1] > start:
            for step in _flat(loader.graph.nodes[node].operations):
                _follow(found, step)
    return found


def _flat(steps: Any) -> Iterator[Operation]:
    for step in steps:
        if isinstance(step, operations.SeparateDatabaseAndState):
            yield from _flat(step.state_operations)
        else:
            yield step


def _follow(found: dict[Column, Column | None], step: Operation) -> None:
    for column, place in found.items():
        if place is not None:
            found[column] = _moved(place, step)


def _moved(place: Column, step: Operation) -> Column | None:
    """Return where one step of a migration takes a column; None: away."""
    model, field = place
    if isinstance(step, operations.RenameModel):
        return (step.new_name_lower if model == step.old_name_lower else model), field
    if isinstance(step, operations.DeleteModel):
        return None if model == step.name_lower else place
    if isinstance(step, operations.RenameField) and model == step.model_name_lower:
        return model, (step.new_name if field == step.old_name else field)
    if isinstance(step, operations.RemoveField) and model == step.model_name_lower:
        return None if field == step.name else place
    return place
