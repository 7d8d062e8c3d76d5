"""What the database refused is in none of its errors, and so in no log and no row."""

from __future__ import annotations

import logging
import traceback

import pytest
from django.db import DatabaseError, DataError, IntegrityError, connection

from channels_amazon.models import Heartbeat, Store
from channels_amazon.services.jobs import heartbeats
from channels_amazon.spapi.redact import redact_text
from shoplink.logs import JsonFormatter
from tests.builders import make_store
from tests.faulty_tables import BUYER, ROW, STREET, refusing

pytestmark = pytest.mark.django_db(transaction=True)


def _story(error: BaseException) -> str:
    return "".join(traceback.format_exception(error))


def test_refused_row_is_not_quoted() -> None:
    with refusing(Heartbeat._meta.db_table, "INSERT"):
        with pytest.raises(DatabaseError) as refused:
            heartbeats.beat("queue")
        story = _story(refused.value)
    assert "a check is violated" in story
    assert BUYER not in story
    assert STREET not in story


def test_doubled_value_is_not_quoted() -> None:
    store = make_store(slug="canary-slug")
    with pytest.raises(IntegrityError) as refused:
        Store.objects.create(name="Other", slug=store.slug)
    assert "canary-slug" not in _story(refused.value)
    assert "slug" in _story(refused.value)


def test_wrong_value_is_not_quoted() -> None:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite takes any text for a number.")
    wrong = f'7"\n{STREET}'
    with connection.cursor() as cursor, pytest.raises(DataError) as refused:
        cursor.execute("SELECT CAST(%s AS integer)", [wrong])
    assert STREET not in _story(refused.value)
    assert "integer" in _story(refused.value)


def test_statement_is_not_quoted() -> None:
    with connection.cursor() as cursor, pytest.raises(DatabaseError) as refused:
        cursor.execute("SELECT %s FROM no_such_table", [BUYER])
    assert BUYER not in _story(refused.value)
    assert "no_such_table" in str(refused.value)


def test_logged_text_quotes_no_row() -> None:
    """The second net: an error whose text was put into a message as it was."""
    text = (
        f'new row violates check "c"\nDETAIL:  Failing row contains {ROW}.\n\n'
        "The above exception was the direct cause of the following exception:\n"
    )
    record = logging.LogRecord("q", logging.ERROR, "", 1, "failed %s", (text,), None)
    for line in (redact_text(text), JsonFormatter().format(record)):
        assert BUYER not in line
        assert STREET not in line
        assert "The above exception" in line
    assert STREET not in redact_text(repr(text))
