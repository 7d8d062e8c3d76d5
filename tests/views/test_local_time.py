"""A page goes by the clocks of its reader: chosen, the browser's, or their stores'."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest
from django.contrib.auth.models import AbstractUser
from django.db import connection
from django.http import HttpRequest
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from channels_amazon.models import Store, UserSettings
from channels_amazon.services.accounts.user_settings import choose_time_zone
from channels_amazon.views import local_time
from tests.builders import make_member, make_store
from tests.views.scene import signed_in

pytestmark = pytest.mark.django_db

SHANGHAI, LOS_ANGELES, BERLIN = "Asia/Shanghai", "America/Los_Angeles", "Europe/Berlin"


def member_of(*zones: str) -> AbstractUser:
    """Make a member of a store in each of these zones."""
    user: AbstractUser | None = None
    for zone in zones:
        user = make_member(make_store(time_zone=zone), user=user).user
    assert user is not None
    return user


def zone_shown(client: Client) -> str:
    """Return the zone by whose clocks the user's own page goes."""
    page = client.get(reverse("amazon-user-settings"))
    return str(page.context["zone"]).replace(" ", "_")


def browse(client: Client, zone: str) -> Client:
    """Let the client's browser say that it is in this zone."""
    client.cookies[local_time.COOKIE] = zone
    return client


@pytest.mark.parametrize(
    ("chosen", "browsers", "stores", "shown"),
    [
        (SHANGHAI, LOS_ANGELES, [BERLIN], SHANGHAI),
        ("", LOS_ANGELES, [BERLIN], LOS_ANGELES),
        ("", "", [BERLIN], BERLIN),
        ("", "", [BERLIN, BERLIN], BERLIN),
        # Of two zones neither is the reader's.
        ("", "", [BERLIN, SHANGHAI], "UTC"),
        ("", "", [BERLIN, ""], BERLIN),
        ("", "", [""], "UTC"),
        # What this machine does not know is as good as none.
        ("Mars/Olympus", "", [BERLIN], BERLIN),
        ("", "Mars/Olympus", [BERLIN], BERLIN),
        ("", "../../etc/passwd", [BERLIN], BERLIN),
        ("", "UTC", [BERLIN], "UTC"),
    ],
)
def test_zone_is_the_nearest_to_the_reader(
    chosen: str, browsers: str, stores: list[str], shown: str
) -> None:
    user = member_of(*stores)
    if chosen:
        UserSettings.objects.create(user_id=user.pk, time_zone=chosen)
    client = signed_in(user)
    if browsers:
        browse(client, browsers)

    assert zone_shown(client) == shown


def test_next_reader_has_their_own_zone_and_nobody_has_utc() -> None:
    first = browse(signed_in(member_of("")), SHANGHAI)
    second = browse(signed_in(member_of("")), LOS_ANGELES)

    assert zone_shown(first) == SHANGHAI
    assert zone_shown(second) == LOS_ANGELES
    assert timezone.get_current_timezone_name() == "UTC"


def test_who_is_not_signed_in_is_answered_in_utc(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    real = local_time.zone_of

    def noted(request: HttpRequest) -> ZoneInfo:
        asked.append(real(request).key)
        return real(request)

    monkeypatch.setattr(local_time, "zone_of", noted)

    browse(client, SHANGHAI).get(reverse("admin:login"))

    assert asked == ["UTC"]


def test_zone_costs_no_query_once_it_is_known() -> None:
    client = signed_in(member_of(BERLIN))

    with CaptureQueriesContext(connection) as asked:
        client.get(reverse("amazon-parcel-list"))

    assert client.session[local_time._KEPT] == ["", BERLIN]
    assert not [query for query in asked if UserSettings._meta.db_table in query["sql"]]


def test_session_of_an_earlier_version_learns_the_zone() -> None:
    client = signed_in(member_of(BERLIN))
    session = client.session
    del session[local_time._KEPT]
    session.save()

    assert zone_shown(client) == BERLIN
    assert client.session[local_time._KEPT] == ["", BERLIN]


def test_choice_in_another_browser_holds_once_the_session_is_written() -> None:
    user = member_of("")
    client = signed_in(user)
    choose_time_zone(user, SHANGHAI)
    assert zone_shown(client) == "UTC"
    session = client.session
    # As after some minutes, when a use is noted.
    session["used_at"] -= 10 * 60
    session.save()

    assert zone_shown(client) == SHANGHAI
    assert zone_shown(client) == SHANGHAI


def test_zone_of_another_store_counts_for_nobody_else() -> None:
    make_store(time_zone=SHANGHAI)
    client = signed_in(member_of(BERLIN))

    assert Store.objects.count() == 2
    assert zone_shown(client) == BERLIN


def test_page_names_the_zone_that_the_browser_may_change() -> None:
    user = member_of(BERLIN)
    client = browse(signed_in(user), SHANGHAI)
    address = reverse("amazon-user-settings")

    assert f'data-shown="{SHANGHAI}"' in client.get(address).text
    # The answer to a form is not asked for again.
    assert "data-shown" not in client.post(address, {"time_zone": "Mars"}).text
    choose_time_zone(user, BERLIN)
    assert "data-shown" not in browse(signed_in(user), SHANGHAI).get(address).text


def test_page_with_messages_comes_once() -> None:
    client = browse(signed_in(member_of(BERLIN)), SHANGHAI)
    address = reverse("amazon-user-settings")

    saved = client.post(address, {"time_zone": ""}, follow=True)

    assert list(saved.context["messages"])
    assert "data-shown" not in saved.text
