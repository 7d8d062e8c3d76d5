"""The forms in which logs are downloaded."""

from __future__ import annotations

import io
import json

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from openpyxl import load_workbook

from channels_amazon.models import ApiCall
from channels_amazon.services.diagnostics import export
from channels_amazon.services.diagnostics.export import COLUMNS, LogKind
from channels_amazon.services.diagnostics.export_formats import (
    ExportFormat,
    export_file,
)
from tests import builders
from tests.views.scene import make_call

pytestmark = pytest.mark.django_db


def test_json_lines_keep_numbers_times_and_nothing() -> None:
    call = make_call(builders.make_account(), status=None, latency_ms=12)

    file = export_file(ExportFormat.JSONL, LogKind.CALLS, ApiCall.objects.all())
    (line,) = file.parts

    row = json.loads(line)
    assert (row["id"], row["latency_ms"], row["status"]) == (call.pk, 12, None)
    assert row["started_at"].endswith("+00:00")
    assert len(row) == len(COLUMNS[LogKind.CALLS])
    assert file.name.endswith(".jsonl")


def test_workbook_holds_the_rows_of_the_csv_file() -> None:
    account = builders.make_account()
    calls = [make_call(account).pk for _ in range(5)]

    file = export_file(ExportFormat.XLSX, LogKind.CALLS, ApiCall.objects.all())

    whole = b"".join(part for part in file.parts if isinstance(part, bytes))
    rows = list(load_workbook(io.BytesIO(whole)).worksheets[0].values)
    assert [row[0] for row in rows[1:]] == calls[::-1]
    assert rows[0][0] == "id"


@pytest.mark.parametrize("form", [ExportFormat.CSV, ExportFormat.JSONL])
def test_first_row_asks_for_one_chunk_alone(
    monkeypatch: pytest.MonkeyPatch, form: ExportFormat
) -> None:
    monkeypatch.setattr(export, "CHUNK", 5)
    account = builders.make_account()
    for _ in range(12):
        make_call(account)
    file = export_file(form, LogKind.CALLS, ApiCall.objects.all())

    with CaptureQueriesContext(connection) as captured:
        first = next(file.parts)
    assert first
    assert len(captured) <= 1
