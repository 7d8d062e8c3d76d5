"""Nobody becomes another user, or more than they are, through the users' forms."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client

from channels_amazon.models import AuditEntry, Credential
from tests.admin.scene import Doors, address, make_doors
from tests.builders import make_account, make_member
from tests.views.scene import signed_in

pytestmark = pytest.mark.django_db

ROLES = ("owner", "operator", "viewer")
USERS = "/admin/auth/user/"


@pytest.fixture
def doors() -> Doors:
    """Give two stores and an attacker of each role."""
    return make_doors()


def all_rights(user: User) -> dict[str, Any]:
    """Return a form that asks for everything."""
    return {
        "username": user.username,
        "is_active": "on",
        "is_staff": "on",
        "is_superuser": "on",
        "password1": "an-attackers-word-1",
        "password2": "an-attackers-word-1",
        "usable_password": "true",
    }


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("victim", ["owner", "operator", "stranger", "superuser"])
def test_no_form_of_a_user_can_be_sent(doors: Doors, role: str, victim: str) -> None:
    target = getattr(doors, victim)
    user = target if victim == "superuser" else target.user
    before = (user.password, user.is_superuser, user.is_staff)
    client = doors.client(role)

    for page in ("change", "delete", "history"):
        client.post(
            address("user", page, user.pk, app="auth"),
            {**all_rights(user), "post": "1"},
        )
    client.post(f"{USERS}{user.pk}/password/", all_rights(user))
    client.post(
        USERS,
        {"action": "delete_selected", "_selected_action": user.pk, "post": "yes"},
    )

    user.refresh_from_db()
    assert (user.password, user.is_superuser, user.is_staff) == before


@pytest.mark.parametrize("role", ROLES)
def test_nobody_makes_users_or_groups(doors: Doors, role: str) -> None:
    client = doors.client(role)
    count = User.objects.count()

    made = client.post(
        address("user", "add", app="auth"),
        {**all_rights(User(username="mallory")), "_popup": "1"},
    )
    group = client.post(address("group", "add", app="auth"), {"name": "all"})

    assert (made.status_code, group.status_code) == (403, 403)
    assert (User.objects.count(), Group.objects.count()) == (count, 0)


def test_owner_sees_the_people_of_own_stores_only(doors: Doors) -> None:
    page = doors.client("owner").get(USERS).content.decode()

    assert doors.viewer.user.username in page
    assert doors.stranger.user.username not in page
    assert doors.superuser.username not in page


def test_owner_sees_of_them_what_the_work_needs(doors: Doors) -> None:
    user = doors.operator.user
    page = doors.client("owner").get(address("user", "change", user.pk, app="auth"))
    text = page.content.decode()

    assert page.status_code == 200
    assert user.username in text
    assert not {"is_superuser", "user_permissions", "password"} & set(
        page.context["adminform"].readonly_fields
    )
    assert user.password[:12] not in text


@pytest.mark.parametrize("role", ["operator", "viewer"])
def test_others_see_no_users(doors: Doors, role: str) -> None:
    client = doors.client(role)

    assert client.get(USERS).status_code == 403
    target = doors.operator.user.pk
    assert client.get(address("user", "change", target, app="auth")).status_code == 403


@pytest.mark.parametrize(
    "query",
    [
        "password__startswith=pbkdf2",
        "is_superuser__exact=1",
        "groups__id__exact=1",
        "store_memberships__store__name__startswith=S",
        "user_permissions__codename=add_user",
    ],
)
def test_filter_of_the_address_is_no_oracle(doors: Doors, query: str) -> None:
    page = doors.client("owner").get(f"{USERS}?{query}")

    assert page.status_code == 400


@pytest.mark.parametrize(
    "query",
    ["_popup=1", "_to_field=password", "_to_field=email&_popup=1", "q=user-", "all="],
)
def test_popup_shows_no_more_than_the_list(doors: Doors, query: str) -> None:
    page = doors.client("owner").get(f"{USERS}?{query}")

    assert doors.stranger.user.username not in page.content.decode()
    assert "_to_field" not in query or page.status_code == 400


def options(client: Client, term: str, **over: str) -> Any:
    """Ask the autocompletion of the members' form."""
    named = {
        "app_label": "channels_amazon",
        "model_name": "storemember",
        "field_name": "user",
        "term": term,
    }
    return client.get("/admin/autocomplete/", named | over)


def test_autocompletion_knows_the_people_of_own_stores_only(doors: Doors) -> None:
    found = options(doors.client("owner"), "").json()["results"]

    ids = {int(one["id"]) for one in found}
    assert ids == {doors.owner.user_id, doors.operator.user_id, doors.viewer.user_id}
    logs = {"app_label": "admin", "model_name": "logentry"}
    assert options(doors.client("owner"), "", **logs).json()["results"] == found
    stranger = options(doors.client("owner"), doors.stranger.user.username).json()
    assert not stranger["results"]


@pytest.mark.parametrize("role", ["operator", "viewer"])
def test_autocompletion_answers_owners_only(doors: Doors, role: str) -> None:
    assert options(doors.client(role), "").status_code == 403


@pytest.mark.parametrize(
    "over",
    [
        {"model_name": "amazonaccount", "field_name": "application"},
        {"model_name": "credential", "field_name": "account"},
        {"app_label": "auth", "model_name": "user", "field_name": "groups"},
    ],
)
def test_autocompletion_of_other_rows_is_refused(
    doors: Doors, over: dict[str, str]
) -> None:
    make_account(doors.other)

    answer = options(doors.client("owner"), "", **over)

    assert answer.status_code in (403, 404)
    assert Credential.objects.count() == 1


def test_history_of_a_stranger_is_not_shown(doors: Doors) -> None:
    stranger = doors.stranger.user
    page = doors.client("owner").get(
        address("user", "history", stranger.pk, app="auth")
    )

    assert stranger.username not in page.content.decode()
    assert page.status_code == 302


def test_member_of_two_stores_cannot_be_taken_over_by_one_owner(doors: Doors) -> None:
    both = doors.stranger.user
    make_member(doors.store, user=both, role="viewer")
    before = both.password

    client = doors.client("owner")
    answer = client.post(f"{USERS}{both.pk}/password/", all_rights(both))
    client.post(address("user", "change", both.pk, app="auth"), all_rights(both))

    both.refresh_from_db()
    assert (answer.status_code, both.password) == (403, before)


def test_superuser_does_all_of_it_and_it_is_written_down(doors: Doors) -> None:
    client = signed_in(doors.superuser)
    made = client.post(
        address("user", "add", app="auth"), all_rights(User(username="new-one"))
    )
    user = User.objects.get(username="new-one")
    client.post(
        address("user", "change", user.pk, app="auth"),
        {**all_rights(user), "date_joined_0": "2026-01-01", "date_joined_1": "00:00"},
    )

    assert made.status_code == 302
    user.refresh_from_db()
    assert user.is_superuser
    told = AuditEntry.objects.filter(reference="new-one").order_by("pk")
    assert [one.code for one in told] == ["user.created", "user.changed"]
    assert {one.actor for one in told} == {doors.superuser.username}


def test_rights_are_named_in_the_readers_language(doors: Doors) -> None:
    client = signed_in(doors.superuser)
    for page in (
        address("user", "change", doors.viewer.user.pk, app="auth"),
        address("group", "add", app="auth"),
    ):
        text = client.get(page, HTTP_ACCEPT_LANGUAGE="zh-hans").content.decode()
        assert "渠道 → 亚马逊：可查看店铺" in text
        assert "Can view" not in text
        assert "Can add" not in text
