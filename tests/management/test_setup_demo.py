"""Tests of the commands that fill a store."""

from __future__ import annotations

import io
import json
import stat
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from pytest_django import Settings

from channels_amazon.models import (
    DeveloperApplication,
    StockMovement,
    Store,
    StoreMember,
    Variant,
)
from tests import builders

pytestmark = pytest.mark.django_db


@pytest.fixture
def data(tmp_path: Path, settings: Settings) -> Path:
    """Give a data folder of the test's own, and settings for a local Amazon."""
    settings.DATA_DIR = tmp_path
    settings.SPAPI_APP_ID = "amzn1.sp.solution.demo"
    settings.SPAPI_ENDPOINT_NA = "http://127.0.0.1:9/na"
    settings.LWA_TOKEN_URL = "http://127.0.0.1:9/auth/o2/token"
    return tmp_path


def test_demo_makes_store_owner_application_and_catalogue(data: Path) -> None:
    call_command("setup_demo", stdout=io.StringIO())
    store = Store.objects.get(slug="demo")
    assert StoreMember.objects.get(store=store).role == StoreMember.Role.OWNER
    assert DeveloperApplication.objects.get().app_id == "amzn1.sp.solution.demo"
    assert Variant.objects.filter(store=store).count() > 100
    assert store.warehouses.count() == 2


def test_demo_writes_a_sign_in_that_works_for_this_user_alone(data: Path) -> None:
    call_command("setup_demo", stdout=io.StringIO())
    path = data / "sign-in.txt"
    user, password = path.read_text(encoding="utf-8").splitlines()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert user == "User:                 admin"
    assert User.objects.get(username="admin").check_password(password[22:])


def test_demo_can_be_repeated_without_undoing_anything(data: Path) -> None:
    call_command("setup_demo", stdout=io.StringIO())
    text = (data / "sign-in.txt").read_text(encoding="utf-8")
    Variant.objects.filter(sku__startswith="MUG").update(price="1.00")
    before = Variant.objects.count(), StockMovement.objects.count()
    call_command("setup_demo", stdout=io.StringIO())
    assert (data / "sign-in.txt").read_text(encoding="utf-8") == text
    assert (Variant.objects.count(), StockMovement.objects.count()) == before


def test_demo_makes_a_new_password_when_the_file_is_lost(data: Path) -> None:
    call_command("setup_demo", stdout=io.StringIO())
    path = data / "sign-in.txt"
    lost = path.read_text(encoding="utf-8")
    path.unlink()
    call_command("setup_demo", stdout=io.StringIO())
    assert path.read_text(encoding="utf-8") != lost


def test_demo_for_the_real_amazon_imports_nothing(
    data: Path, settings: Settings
) -> None:
    settings.SPAPI_ENDPOINT_NA = "https://sellingpartnerapi-na.amazon.com"
    call_command("setup_demo", stdout=io.StringIO())
    assert not Variant.objects.exists()


def test_import_tells_each_bad_line(tmp_path: Path) -> None:
    store = builders.make_store()
    path = tmp_path / "catalogue.csv"
    path.write_text("sku,title,price\nA-1,Mug,1.50\nA-2,Cup,cheap\n", encoding="utf-8")
    out = io.StringIO()
    call_command("import_products", path, store=store.slug, json=True, stdout=out)
    told = json.loads(out.getvalue())
    assert told["created"] == 1
    assert [row["line"] for row in told["rejected"]] == [3]


def test_import_without_a_file_says_so(tmp_path: Path) -> None:
    store = builders.make_store()
    with pytest.raises(CommandError, match=r"none\.csv"):
        call_command("import_products", tmp_path / "none.csv", store=store.slug)


def test_import_for_an_unknown_store_names_the_stores(tmp_path: Path) -> None:
    store = builders.make_store()
    with pytest.raises(CommandError, match=store.slug):
        call_command("import_products", tmp_path / "none.csv", store="nowhere")
