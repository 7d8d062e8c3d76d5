"""The frame of the lists: tabs keep the filter, the first page keeps itself fresh."""

from __future__ import annotations

import pytest
from django.test import Client, RequestFactory
from django.urls import reverse

from channels_amazon.forms.filters import OrderFilter, OrderShow
from channels_amazon.forms.parameters import without
from channels_amazon.views.lists import show_tabs
from tests import builders
from tests.views.scene import World, make_world, signed_in

POLLED = {
    "amazon-order-list": "3s",
    "amazon-parcel-list": "5s",
    "amazon-reconciliation-list": "5s",
    "amazon-shipment-board": "10s",
    "amazon-stock-list": "5s",
    "amazon-store-order-list": "5s",
}


# Every list with a filter.
FILTERED = [
    *(name for name in POLLED if name != "amazon-reconciliation-list"),
    "amazon-log-list",
]


@pytest.fixture
def world(db: None) -> World:
    return make_world()


@pytest.fixture
def client(world: World) -> Client:
    return signed_in(world.owner)


def test_tabs_keep_the_filter_and_leave_the_page() -> None:
    request = RequestFactory().get("/", {"show": "late", "q": "a&b", "after": "7~x"})
    tabs = show_tabs(request, OrderFilter(request.GET, []), {OrderShow.LATE: 4})

    assert [tab.address for tab in tabs[:2]] == ["?q=a%26b", "?q=a%26b&show=ship"]
    assert [tab.label for tab in tabs if tab.is_current] == ["Late"]
    assert [tab.count for tab in tabs if tab.count is not None] == [4]


def test_tab_of_everything_has_an_address_of_its_own() -> None:
    request = RequestFactory().get("/", {"show": "late"})
    assert show_tabs(request, OrderFilter(request.GET, []))[0].address == "?"
    assert without(request, "show") == ""


@pytest.mark.parametrize(("name", "seconds"), POLLED.items())
def test_first_page_keeps_itself_fresh(name: str, seconds: str, client: Client) -> None:
    page = client.get(reverse(name)).content.decode()
    part = client.get(reverse(name), headers={"HX-Request": "true"}).content.decode()

    assert f'hx-trigger="every {seconds}"' in page
    assert "data-poll" not in part
    assert "sl-filter" not in part


@pytest.mark.parametrize("name", POLLED)
def test_rows_that_are_asked_for_anew_cost_no_frame(name: str, client: Client) -> None:
    page = client.get(reverse(name))
    part = client.get(reverse(name), headers={"HX-Request": "true"})

    assert "sidebar_navigation" in page.context
    assert "sidebar_navigation" not in part.context


def test_later_page_stands_still(world: World, client: Client) -> None:
    builders.make_order(world.account)
    later = client.get(reverse("amazon-order-list"), {"after": "1~"}).content.decode()
    assert "data-poll" not in later


@pytest.mark.parametrize(
    "cursor",
    [
        "1~\x00",
        "1~0001-01-01T00:00:00+14:00",
        "1~9999-12-31T23:59:59-14:00",
        "1~0001-01-01T00:00:00+00:00",
        "9999999999999999999999~",
        "²~",
        "~",
        "x",
    ],
)
@pytest.mark.parametrize("name", POLLED)
def test_cursor_that_makes_no_sense_shows_a_page(
    name: str, cursor: str, client: Client
) -> None:
    assert client.get(reverse(name), {"after": cursor}).status_code == 200


def test_filter_sends_along_what_it_does_not_show(client: Client) -> None:
    address = reverse("amazon-order-list")
    page = client.get(address, {"show": "late", "named": "word"}).content.decode()

    assert '<input type="hidden" name="show" value="late">' in page
    assert '<input type="hidden" name="named" value="word">' in page
    assert page.count('name="show"') == 1


def test_logs_keep_what_their_kinds_share(client: Client) -> None:
    given = {"tab": "calls", "q": "x", "operation": "getOrder", "after": "9"}
    page = client.get(reverse("amazon-log-list"), given).content.decode()

    assert 'href="?tab=runs&amp;q=x"' in page
    assert 'href="?tab=calls"' in page
    assert '<input type="hidden" name="tab" value="calls">' in page


@pytest.mark.parametrize("name", FILTERED)
def test_value_that_is_not_understood_never_widens_a_list(
    name: str, world: World, client: Client
) -> None:
    builders.make_parcel(world.order)
    page = client.get(reverse(name))
    assert page.context["slice"].rows

    unclear: dict[str, list[str]] = {
        field: ["none of them"] for field in page.context["form"].fields
    }
    # A text may be any, but not of any length, and no database has a NUL.
    unclear |= {
        "q": ["x" * 121, "\x00"],
        "operation": ["x" * 121],
    }
    for field in page.context["form"].fields:
        for value in unclear[field]:
            refused = client.get(reverse(name), {field: value})
            text = refused.content.decode()

            assert refused.context["slice"].rows == [], (field, value)
            if "\x00" not in value:
                assert "Nothing is shown, as the filter is not understood." in text
                # Nor do its rows come anew, with a sentence of their own.
                assert "data-poll" not in text


@pytest.mark.parametrize(
    "name",
    ["amazon-reconciliation-list", "amazon-health-index", "amazon-store-endpoint"],
)
def test_choice_that_is_none_is_no_page(name: str, client: Client) -> None:
    for value in ("77777", "x"):
        wanted = {"account": value, "store": value}

        assert client.get(reverse(name), wanted).status_code == 404


def test_log_of_an_unclear_filter_is_not_saved(client: Client) -> None:
    response = client.get(reverse("amazon-log-export"), {"q": "x" * 121})

    assert response.status_code == 400
    assert "at most 120 characters" in response.content.decode()


@pytest.mark.parametrize("page", ["amazon-log-list", "amazon-log-export"])
def test_log_that_is_none_is_no_page(page: str, client: Client) -> None:
    assert client.get(reverse(page), {"tab": "everything"}).status_code == 404
