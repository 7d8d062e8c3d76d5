"""The search of orders: whole ids first, then parts, and never all there is."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from channels_amazon.models import AmazonAccount, Order, OrderLine
from channels_amazon.services.orders import search
from channels_amazon.services.orders.search import FoundOrders, find_orders
from tests import builders

pytestmark = pytest.mark.django_db

ID = "902-3159896-1390916"
SKU = "MON-27-Bläck/x"
ASIN = "B0CHX1W1XY"


@pytest.fixture
def account() -> AmazonAccount:
    """Give an account with the order that is meant, and another one."""
    account = builders.make_account()
    builders.make_order(
        account, amazon_order_id=ID, lines=({"seller_sku": SKU, "asin": ASIN},)
    )
    builders.make_order(account, amazon_order_id="111-2222222-3333333")
    return account


def find(account: AmazonAccount, typed: str) -> FoundOrders:
    """Search among the account's orders."""
    return find_orders(Order.objects.filter(account=account), typed, [account.pk])


def ids(account: AmazonAccount, typed: str) -> list[str]:
    """Return the order ids that are found."""
    return sorted(row.amazon_order_id for row in find(account, typed).orders)


@pytest.fixture
def only_indexes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no order and no line be among the newest."""
    monkeypatch.setattr(search, "NEWEST", 0)


@pytest.mark.parametrize(
    "typed",
    [
        "1390916",
        "0916",
        "-1390916",
        "3159896-1390916",
        "902-3159896",
        "902-315",
        "902",
        "3159896",
        "3159896-139",
        "…1390916",
        " 1390916. ",
        "１３９０９１６",
        "*0916",
    ],
)
@pytest.mark.usefixtures("only_indexes")
def test_order_is_found_by_the_part_of_its_id_that_people_write(
    account: AmazonAccount, typed: str
) -> None:
    assert ids(account, typed) == [ID]


@pytest.mark.parametrize("typed", ["59896-13", "15989", "-3159896-", "1390"])
def test_new_order_is_found_by_any_part_of_its_id(
    account: AmazonAccount, typed: str
) -> None:
    assert ids(account, typed) == [ID]


def test_letters_of_an_order_id_are_found_in_any_case(account: AmazonAccount) -> None:
    builders.make_order(account, amazon_order_id="S01-1234567-7654321")

    assert ids(account, "s01-12") == ["S01-1234567-7654321"]


@pytest.mark.parametrize(
    "typed", ["mon-27", "MON", "27-bl", "N-27", "ck/X", "b0chx", "w1xy", "HX1W"]
)
@pytest.mark.usefixtures("only_indexes")
def test_order_is_found_by_a_part_of_what_is_listed(
    account: AmazonAccount, typed: str
) -> None:
    builders.make_listing(account, seller_sku=SKU, asin=ASIN)

    assert ids(account, typed) == [ID]


@pytest.mark.parametrize("typed", ["mon-27", "bl", "ck/X", "b0chx"])
def test_new_line_of_what_is_not_listed_is_found_by_a_part(
    account: AmazonAccount, typed: str
) -> None:
    expected = [ID] if len(typed) > 2 else []

    assert ids(account, typed) == expected
    assert find(account, typed).is_too_short == (not expected)


def test_whole_sku_in_another_case_is_found(account: AmazonAccount) -> None:
    assert ids(account, "mon-27-BLäCK/X") == [ID]


def test_whole_one_is_the_answer_where_there_is_one(account: AmazonAccount) -> None:
    longer = builders.make_order(account, lines=({"seller_sku": f"{SKU}-2"},))

    assert ids(account, SKU) == [ID]
    assert find(account, SKU).is_whole
    assert set(ids(account, SKU[:-1])) == {ID, longer.amazon_order_id}


def test_whole_one_of_another_account_hides_no_part(account: AmazonAccount) -> None:
    builders.make_order(lines=({"seller_sku": "MON"},))

    assert ids(account, "MON") == [ID]
    assert not find(account, "MON").is_whole


@pytest.mark.parametrize(
    "typed", ["%", "___", "%%%", "a%c", "\\\\\\", "'; --", "902_315"]
)
def test_signs_of_a_pattern_stand_for_themselves(
    account: AmazonAccount, typed: str
) -> None:
    assert ids(account, typed) == []


def test_two_characters_are_too_short_for_a_part_but_not_for_a_sku(
    account: AmazonAccount,
) -> None:
    assert find(account, "90").is_too_short
    assert ids(account, "90") == []
    short = builders.make_order(account, lines=({"seller_sku": "90"},))
    assert ids(account, "90") == [short.amazon_order_id]


def test_part_of_very_many_orders_is_looked_for_among_the_newest(
    account: AmazonAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "COUNT_CAP", 3)
    monkeypatch.setattr(search, "NEWEST", 2)
    orders = [
        builders.make_order(
            account,
            amazon_order_id=f"777-000000{n}-000000{n}",
            lines=({"seller_sku": f"SAME-{n}"},),
        )
        for n in range(5)
    ]

    found = find(account, "777")

    assert found.is_cut
    assert {row.pk for row in found.orders} == {one.pk for one in orders[-2:]}
    monkeypatch.setattr(search, "MOST_SKUS", 1)
    for n in range(3):
        builders.make_listing(account, seller_sku=f"SAME-{n}")
    found = find(account, "same")
    assert found.is_cut
    assert {row.pk for row in found.orders} == {one.pk for one in orders[-2:]}


def test_other_accounts_orders_do_not_use_up_the_cap(
    account: AmazonAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "COUNT_CAP", 3)
    for _ in range(4):
        builders.make_order(lines=({"seller_sku": "MON-27-other"},))

    found = find(account, "mon-27")

    assert [row.amazon_order_id for row in found.orders] == [ID]
    assert not found.is_cut


@pytest.mark.parametrize("typed", ["same", "777"])
@pytest.mark.parametrize(("orders", "most"), [(3, 0), (4, 3)])
def test_more_hits_than_are_shown_are_said(
    account: AmazonAccount,
    typed: str,
    orders: int,
    most: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(search, "COUNT_CAP", 3)
    made = [
        builders.make_order(
            account,
            amazon_order_id=f"777-000000{n}-000000{n}",
            lines=({"seller_sku": f"SAME-{n}"}, {"seller_sku": f"SAME-{n}-B"}),
        )
        for n in range(orders)
    ]

    found = find(account, typed)

    # Three are looked up by their index where that is not too much to be all.
    assert {row.pk for row in found.orders} == {one.pk for one in made[-3:]}
    assert (found.is_cut, found.most) == (bool(most), most)
    assert found.is_all == (not most)


@pytest.mark.parametrize("typed", ["mon-27", "59896-13"])
def test_other_accounts_orders_hide_none(
    account: AmazonAccount, typed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "NEWEST", 3)
    other = builders.make_account()
    for _ in range(4):
        builders.make_order(other)

    assert ids(account, typed) == [ID]


@pytest.mark.parametrize(("newest", "is_certain"), [(2, False), (3, True)])
@pytest.mark.parametrize("typed", ["nothing", "59896-99"])
def test_nothing_is_certain_only_where_all_was_read(
    account: AmazonAccount,
    typed: str,
    newest: int,
    is_certain: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(search, "NEWEST", newest)

    found = find(account, typed)

    assert not found.orders.exists()
    assert found.is_empty
    assert found.is_all == is_certain


@pytest.mark.parametrize("typed", ["902-3159896-9999999", "90231598969999999"])
@pytest.mark.usefixtures("only_indexes")
def test_whole_order_id_that_is_not_there_is_certain(
    account: AmazonAccount, typed: str
) -> None:
    found = find(account, typed)

    assert found.is_empty
    assert found.is_all


@pytest.mark.usefixtures("only_indexes")
def test_all_ids_are_read_where_one_index_holds_them(account: AmazonAccount) -> None:
    found = find(account, "15989")

    assert found.are_ids_read == (connection.vendor != "postgresql")
    assert not found.are_lines_read


def test_quick_search_reads_the_newest_only_where_no_index_finds_any(
    account: AmazonAccount,
) -> None:
    orders = Order.objects.filter(account=account)

    by_index = find_orders(orders, "902-315", [account.pk], is_quick=True)
    by_newest = find_orders(orders, "mon-27", [account.pk], is_quick=True)

    assert (by_index.is_quick, by_index.is_all) == (True, False)
    assert (by_newest.is_quick, by_newest.is_all) == (False, True)
    for found in (by_index, by_newest):
        assert [row.amazon_order_id for row in found.orders] == [ID]


@pytest.mark.parametrize(("newest", "is_all"), [(2, False), (3, True)])
@pytest.mark.parametrize("typed", ["902-315", "mon-27"])
def test_hits_are_all_only_where_all_was_read(
    account: AmazonAccount,
    typed: str,
    newest: int,
    is_all: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    builders.make_listing(account, seller_sku=SKU, asin=ASIN)
    monkeypatch.setattr(search, "NEWEST", newest)

    found = find(account, typed)

    assert [row.amazon_order_id for row in found.orders] == [ID]
    assert (found.is_cut, found.is_all) == (False, is_all)


@pytest.mark.parametrize("orders", [1, 30])
def test_search_asks_the_same_number_of_queries(
    account: AmazonAccount, orders: int
) -> None:
    builders.make_listing(account, seller_sku=SKU, asin=ASIN)
    for _ in range(orders):
        builders.make_order(account, lines=({"seller_sku": SKU},))

    with CaptureQueriesContext(connection) as asked:
        list(find(account, "mon-27").orders)

    assert len(asked) <= 11


def test_newest_of_several_accounts_come_in_the_order_of_time(
    account: AmazonAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "NEWEST", 3)
    now = timezone.now()
    accounts = [account.pk]
    for hours in (1, 3, 2, 9):
        made = builders.make_order(
            amazon_order_id=f"555-000000{hours}-0000000",
            ordered_at=now + timedelta(hours=hours),
        )
        accounts.append(made.account_id)

    rows = search._newest(Order.objects.all(), "", accounts, "amazon_order_id")
    lines = search._newest(OrderLine.objects.all(), "order__", accounts, "order_id")

    assert [row[0][6:11] for row in rows] == ["00009", "00003", "00002"]
    assert len(lines) == 3


@pytest.mark.parametrize("path", ["", "order__"])
def test_newest_of_each_account_are_read_by_its_index(
    account: AmazonAccount, path: str
) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite reads them by one statement.")
    accounts = [account.pk, builders.make_account().pk, builders.make_account().pk]
    rows = OrderLine.objects.all() if path else Order.objects.all()
    with connection.cursor() as cursor:
        # Of a table with next to nothing in it each index costs the same.
        cursor.execute("DROP INDEX order_newest")
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("SET LOCAL enable_sort = off")
        cursor.execute("SET LOCAL enable_hashjoin = off")
        cursor.execute("SET LOCAL enable_mergejoin = off")
        plan = search._newest(rows, path, accounts, "pk").explain()

    # Each slice ends for itself: no account has all its rows read.
    assert plan.count("order_recent") == len(accounts)
    assert plan.count("Limit") == len(accounts) + 1


def test_parts_of_an_order_id_are_read_by_their_indexes(
    account: AmazonAccount,
) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite reads all ids of its one index.")
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        for part, name in (
            ("902-31", "order_amazon_id"),
            ("1390916", "order_id_end"),
            ("3159896", "order_id_second"),
        ):
            rows = search._begun(Order.objects.all(), [part]).order_by()
            assert name in rows.explain()
