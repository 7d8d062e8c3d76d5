"""A test that commits leaves nothing to the next one, and no permission goes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.contrib.contenttypes.models import ContentType
from django.db import connection

from tests import builders
from tests.emptied import empty_what_was_written


@pytest.fixture
def statements() -> Iterator[list[str]]:
    """Give what the database is told."""
    told: list[str] = []

    def note(execute: Callable[..., Any], sql: str, *rest: Any) -> Any:
        told.append(sql)
        return execute(sql, *rest)

    with connection.execute_wrapper(note):
        yield told


@pytest.mark.django_db(transaction=True)
def test_what_was_written_is_emptied_and_nothing_else(statements: list[str]) -> None:
    order = builders.make_order()
    kept = Permission.objects.count(), ContentType.objects.count()
    statements.clear()

    empty_what_was_written(None)

    emptied = {sql.split()[-1] for sql in statements if sql.startswith("DELETE")}
    tables = {'"channels_amazon_order"', '"channels_amazon_store"'}
    assert tables <= emptied
    assert len(emptied) < 12
    assert not type(order).objects.exists()
    assert (Permission.objects.count(), ContentType.objects.count()) == kept
    assert min(kept) > 0
    statements.clear()
    empty_what_was_written(None)
    assert not [sql for sql in statements if sql.startswith("DELETE")]
