"""Hours that were stored as lists of all bins are stored sparsely, and back again."""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules
from types import ModuleType
from typing import Any

import pytest
from django.apps import apps
from django.utils import timezone

from channels_amazon import migrations
from channels_amazon.models import LatencyHour
from tests.builders import make_account

pytestmark = pytest.mark.django_db


@pytest.fixture
def migration() -> ModuleType:
    """Give the migration, whatever its number is."""
    (name,) = [
        found.name
        for found in iter_modules(migrations.__path__)
        if found.name.endswith("_sparse_latency_bins")
    ]
    return import_module(f"channels_amazon.migrations.{name}")


def make_hours(*bins: Any) -> None:
    """Make one row for each of these bins."""
    account = make_account()
    LatencyHour.objects.bulk_create(
        LatencyHour(account=account, hour=timezone.now(), step=str(place), bins=each)
        for place, each in enumerate(bins)
    )


def stored() -> list[Any]:
    """Return the bins of every row in their order."""
    return list(LatencyHour.objects.order_by("pk").values_list("bins", flat=True))


def test_lists_become_counts_by_place_and_lists_again(
    migration: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(migration, "ROWS_A_BATCH", 2)
    make_hours([0, 3, 0, 1], [], [0] * 107, {"5": 2}, [7])

    migration.forwards(apps, None)
    assert stored() == [{"1": 3, "3": 1}, {}, {}, {"5": 2}, {"0": 7}]

    migration.backwards(apps, None)
    assert stored() == [[0, 3, 0, 1], [], [], [0, 0, 0, 0, 0, 2], [7]]
