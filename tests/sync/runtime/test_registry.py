"""Every kind of job has one reconciler."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.exceptions import ImproperlyConfigured

from channels_amazon.models import SyncJob
from channels_amazon.sync.runtime import registry
from channels_amazon.sync.runtime.context import Result, RunContext


def do_nothing(ctx: RunContext) -> Result:
    """Reconcile nothing."""
    return Result()


@pytest.mark.parametrize("kind", SyncJob.Kind.values)
def test_kind_has_a_reconciler(kind: str) -> None:
    entry = registry.get(kind)
    assert entry.kind == kind
    assert entry.every > timedelta()


def test_second_reconciler_of_a_kind_is_refused() -> None:
    registry.get(SyncJob.Kind.LISTINGS)
    with pytest.raises(ImproperlyConfigured):
        registry.reconciler(SyncJob.Kind.LISTINGS, every=timedelta(1))(do_nothing)


def test_unknown_kind_is_refused() -> None:
    with pytest.raises(ImproperlyConfigured):
        registry.reconciler("weather", every=timedelta(1))(do_nothing)
