"""Orders are found by a name that is stored nowhere in the clear, nor searched by."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from pytest_django import Settings

from channels_amazon.models import (
    DiagnosticEntry,
    Order,
    OrderPersonalData,
    PersonalDataWord,
    Store,
)
from channels_amazon.services.privacy import key_rotation, name_search
from channels_amazon.services.privacy.personal_data import reveal, store_personal_data
from tests.builders import make_account, make_order, make_user
from tests.services.privacy.scene import NEW, OLD, forget_keys, use

pytestmark = pytest.mark.django_db

BUYER = {"buyerName": "Wilhelmina Canary", "buyerEmail": "x@marketplace.example"}
RECIPIENT = {"deliveryAddress": {"name": "山田 太郎", "city": "Whitby"}}


@pytest.fixture
def _keys(settings: Settings) -> Iterator[None]:
    use(settings, OLD)
    yield
    settings.FERNET_KEYS = ["tests-only-key-of-more-than-32-bytes-0001"]
    forget_keys()


def make_named(**over: Any) -> Order:
    """Make an order with a buyer and another recipient."""
    order = make_order(**over)
    assert store_personal_data(order, BUYER, RECIPIENT)
    return order


def found(name: str, *stores: Store) -> list[Order]:
    """Search as a person who may see the stores' personal data, all of them if none."""
    seen = stores or tuple(Store.objects.all())
    digests = name_search.search(name, stores=seen, user=make_user())
    return list(name_search.found(Order.objects.all(), digests, stores=seen))


def test_buyer_and_recipient_are_found_by_name_only() -> None:
    order = make_named()
    make_order()

    for name in ("wilhelmina", "Canary Wilhelmina", "山田太郎"):
        assert found(name) == [order]
    for name in ("Whitby", "marketplace", "Wilhelmina 山口", "...", ""):
        assert found(name) == []


def test_search_sees_no_store_whose_people_the_reader_may_not_see() -> None:
    mine, other = make_named(), make_named()
    store = mine.account.store

    assert found("Canary", store) == [mine]
    entries = DiagnosticEntry.objects.filter(code="personal_data.searched")
    assert [entry.store for entry in entries] == [store]
    assert other.account.store != store


def test_name_is_in_no_column_and_no_log(caplog: pytest.LogCaptureFixture) -> None:
    make_named()
    found("Wilhelmina Canary")

    stored = []
    with connection.cursor() as cursor:
        for table in ("personaldataword", "diagnosticentry", "orderpersonaldata"):
            cursor.execute(f"SELECT * FROM channels_amazon_{table}")  # noqa: S608
            stored += [str(row) for row in cursor.fetchall()]
    assert PersonalDataWord.objects.count() > 3
    for text in (*stored, caplog.text):
        assert "canary" not in text.lower()
        assert "山田" not in text


def test_words_follow_the_data_and_go_with_it() -> None:
    order = make_named()

    store_personal_data(order, {"buyerName": "John Seward"}, None)
    assert found("Wilhelmina") == []
    assert found("Seward 山田") == [order]

    OrderPersonalData.objects.all().delete()
    assert not PersonalDataWord.objects.exists()


def test_words_and_data_are_one_transaction(monkeypatch: pytest.MonkeyPatch) -> None:
    order = make_order()

    def fail(*_args: object) -> None:
        raise RuntimeError("The words could not be written.")

    monkeypatch.setattr(name_search, "write_words", fail)
    with pytest.raises(RuntimeError):
        store_personal_data(order, BUYER, RECIPIENT)

    assert not OrderPersonalData.objects.exists()


def test_lost_data_is_replaced_by_what_amazon_gives_again() -> None:
    order = make_named()
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE channels_amazon_orderpersonaldata SET recipient = %s", [b"damaged"]
        )

    assert store_personal_data(order, BUYER, None)

    assert reveal(order, make_user()) == {"buyer": BUYER}
    assert (found("山田"), found("Canary")) == ([], [order])


@pytest.mark.usefixtures("_keys")
def test_name_is_found_before_during_and_after_a_rotation(settings: Settings) -> None:
    order = make_named(account=make_account())
    before = set(PersonalDataWord.objects.values_list("digest", flat=True))

    use(settings, NEW, OLD)
    assert found("Canary 山田") == [order]
    results = {r.model: r for r in key_rotation.rotate_keys(batch=1)}
    assert results["channels_amazon.personaldataword"].rewritten == 1

    use(settings, NEW)
    assert found("Canary 山田") == [order]
    after = set(PersonalDataWord.objects.values_list("digest", flat=True))
    assert len(after) == len(before)
    assert not after & before
    again = {r.model: r for r in key_rotation.rotate_keys(batch=1)}
    assert again["channels_amazon.personaldataword"].rewritten == 0


@pytest.mark.usefixtures("_keys")
def test_rotation_leaves_words_of_data_that_no_key_opens(settings: Settings) -> None:
    make_named()
    use(settings, NEW)

    results = {r.model: r for r in key_rotation.rotate_keys()}

    assert results["channels_amazon.orderpersonaldata"].unreadable
    assert results["channels_amazon.personaldataword"].rewritten == 0
    assert PersonalDataWord.objects.exists()
