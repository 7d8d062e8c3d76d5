"""`manage.py create_store` sets a store up, and may be repeated."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from channels_amazon.models import Store, StoreMember
from channels_amazon.services.accounts.store_setup import first_lacking
from tests.builders import make_member, make_store, make_user

pytestmark = pytest.mark.django_db


def create(*arguments: str) -> dict[str, Any]:
    """Run the command; return its answer."""
    out = io.StringIO()
    call_command("create_store", *arguments, "--json", stdout=out)
    told: dict[str, Any] = json.loads(out.getvalue())
    return told


def test_store_is_made_with_owner_and_warehouse() -> None:
    user: Any = make_user(username="ada")
    options = [
        "--time-zone",
        "Asia/Shanghai",
        "--currency",
        "CNY",
        "--plan",
        "flagship",
    ]
    told = create("--name", "Tea Room", "--owner", "ada", *options)
    assert told["created"]
    assert (told["store"], told["warehouses"]) == ("tea-room", ["main"])
    store = Store.objects.get(slug="tea-room")
    assert store.members.get(user=user).role == StoreMember.Role.OWNER
    assert store.plan == Store.Plan.FLAGSHIP
    assert first_lacking(Store.objects.all()) is None


def test_repeated_it_changes_nothing() -> None:
    make_user(username="ada")
    first = create("--name", "Tea", "--owner", "ada", "--currency", "EUR")
    again = create("--name", "Tea", "--owner", "ada", "--warehouse", "Other")
    assert again == first | {"created": False}
    assert Store.objects.count() == 1


def test_what_an_existing_store_lacks_is_added() -> None:
    store = make_store(name="Tea", currency="EUR")
    member = make_member(store, role=StoreMember.Role.VIEWER)
    told = create("--name", "Tea", "--owner", member.user.get_username())
    assert told["currency"] == "EUR"
    store.refresh_from_db()
    assert first_lacking(Store.objects.all()) is None
    assert store.members.get().role == StoreMember.Role.OWNER


def test_names_in_chinese_and_the_same_twice_get_short_names() -> None:
    make_user(username="ada")
    assert create("--name", "茶馆", "--owner", "ada")["store"] == "store"
    assert create("--name", "瓷器", "--owner", "ada")["store"] == "store-2"
    assert create("--name", "茶馆", "--owner", "ada")["store"] == "store"


@pytest.mark.parametrize(
    "wrong",
    [
        ["--currency", "XXQ"],
        ["--time-zone", "Mars/Olympus"],
        ["--slug", "not a slug"],
        ["--warehouse", "w" * 81],
    ],
)
def test_wrong_value_stores_nothing(wrong: list[str]) -> None:
    make_user(username="ada")
    with pytest.raises(CommandError, match="Nothing was stored"):
        create("--name", "Tea", "--owner", "ada", *wrong)
    assert not Store.objects.exists()


def test_unknown_owner_is_refused() -> None:
    with pytest.raises(CommandError, match="createsuperuser"):
        create("--name", "Tea", "--owner", "nobody")
