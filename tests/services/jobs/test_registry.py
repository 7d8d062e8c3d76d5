"""A reconciler is one file: the registry finds it, and the rest follows."""

from __future__ import annotations

import re
import sys
from datetime import timedelta
from importlib import import_module
from pathlib import Path

import pytest
from django.apps import apps
from django.core.exceptions import ImproperlyConfigured
from django.urls import reverse
from django.utils import timezone

from channels_amazon.models import Permission, SyncJob
from channels_amazon.services.jobs import lifecycle, registry
from channels_amazon.sync.runtime import runner
from channels_amazon.sync.runtime.context import Result, RunContext
from tests.builders import make_account
from tests.views.scene import make_world, signed_in

WEATHER = '''
"""Reconciles the weather."""

from datetime import timedelta

from channels_amazon.services.jobs.registry import reconciler
from channels_amazon.sync.runtime.context import Result


@reconciler("weather", title="The weather", interval=timedelta(hours=1))
def reconcile(ctx):
    """Note that the sun shines."""
    return Result(message="The sun shines.")
'''


def do_nothing(ctx: RunContext) -> Result:
    """Reconcile nothing."""
    return Result()


@pytest.fixture
def weather(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Drop one file with a reconciler into a package and have it discovered."""
    monkeypatch.setattr(registry, "REGISTERED", dict(registry.REGISTERED))
    package = tmp_path / "dropped_in"
    package.mkdir()
    (package / "__init__.py").write_text('"""More reconcilers."""\n')
    (package / "weather.py").write_text(WEATHER)
    monkeypatch.syspath_prepend(str(tmp_path))
    for name in ("dropped_in", "dropped_in.weather"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    registry.discover(import_module("dropped_in"))
    return "weather"


@pytest.mark.parametrize("kind", list(SyncJob.Kind))
def test_kind_that_is_named_has_a_reconciler(kind: str) -> None:
    declared = registry.get(kind)
    assert declared.kind == kind
    assert declared.interval > timedelta()
    assert declared.permission in {"", *Permission.Name.values}


def test_discovery_finds_every_file_with_a_reconciler() -> None:
    # By its text, since import-linter and mypy do not see what is imported by name.
    app = Path(apps.get_app_config("channels_amazon").path)
    declared = re.compile(r"^@(?:registry\.)?reconciler\(", re.MULTILINE)
    written = {
        ".".join(path.relative_to(app.parent).with_suffix("").parts)
        for path in app.rglob("*.py")
        if declared.search(path.read_text(encoding="utf-8"))
    }

    assert {one.run.__module__ for one in registry.reconcilers()} == written


def test_first_pull_has_its_steps_in_order() -> None:
    steps = [one for one in registry.reconcilers() if one.first_pull is not None]
    assert [one.kind for one in steps] == [
        "participations",
        "permissions",
        "listings",
        "fba_stock",
        "order_sweep",
    ]


def test_second_reconciler_of_a_kind_is_refused() -> None:
    again = registry.reconciler("listings", title="Again", interval=timedelta(1))
    with pytest.raises(ImproperlyConfigured, match="Two reconcilers"):
        again(do_nothing)


def test_reconciler_without_a_title_is_refused() -> None:
    with pytest.raises(ImproperlyConfigured, match="no title"):
        registry.reconciler("untitled", interval=timedelta(1))(do_nothing)


def test_kind_that_is_not_known_any_more_keeps_its_name() -> None:
    assert registry.title_of("gone") == "gone"
    with pytest.raises(ImproperlyConfigured):
        registry.get("gone")


@pytest.mark.django_db
def test_dropped_in_reconciler_runs_for_every_connected_account(weather: str) -> None:
    account = make_account()
    lifecycle.ensure_jobs(account)
    made = runner.run_kind(account, weather)
    assert made is not None
    assert made.message == "The sun shines."
    job = account.jobs.get(kind=weather)
    assert job.due_at > timezone.now()


@pytest.mark.django_db
def test_dropped_in_reconciler_is_shown_and_can_be_chosen(weather: str) -> None:
    world = make_world()
    lifecycle.ensure_jobs(world.account)
    client = signed_in(world.owner)
    status = client.get(reverse("amazon-status", args=[world.account.pk]))
    logs = client.get(reverse("amazon-log-list"), {"tab": "runs"})
    assert "The weather" in status.content.decode()
    assert '<option value="weather">The weather</option>' in logs.content.decode()
