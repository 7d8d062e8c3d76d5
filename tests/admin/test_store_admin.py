"""Roles say what the admin's own forms do: nobody gets more, whatever they send."""

from __future__ import annotations

from typing import Any

import pytest
from axes.models import AccessFailureLog
from django.contrib.auth.models import Permission
from django.test import Client

from channels_amazon.models import AuditEntry, Store, StoreMember, Variant, Warehouse
from tests import builders
from tests.admin.scene import Doors, address, inline, make_doors, store_form
from tests.views.scene import signed_in

pytestmark = pytest.mark.django_db

ROLES = ("owner", "operator", "viewer")
BELOW_OWNER = ("operator", "viewer")


@pytest.fixture
def doors() -> Doors:
    """Give two stores and an attacker of each role."""
    return make_doors()


def send_member(client: Client, member: StoreMember, **over: Any) -> int:
    """Send the form of a membership with everything an attacker may add."""
    fields = {
        "role": member.role,
        "store": member.store_id,
        "user": member.user_id,
        "id": member.pk,
        **over,
    }
    return client.post(address("storemember", "change", member.pk), fields).status_code


@pytest.mark.parametrize("role", ROLES)
def test_nobody_raises_themselves(doors: Doors, role: str) -> None:
    member: StoreMember = getattr(doors, role)

    status = send_member(
        doors.client(role), member, role="owner", sees_personal_data="on"
    )

    member.refresh_from_db()
    assert (member.role, member.sees_personal_data, status) == (role, False, 403)


@pytest.mark.parametrize("role", BELOW_OWNER)
def test_who_is_no_owner_changes_no_membership(doors: Doors, role: str) -> None:
    client = doors.client(role)
    target = doors.viewer if role == "operator" else doors.operator
    before = target.role

    assert send_member(client, target, role="owner") == 403
    gone = client.post(address("storemember", "delete", target.pk), {"post": "yes"})
    new = builders.make_user()
    added = client.post(
        address("storemember", "add"),
        {"store": doors.store.pk, "user": new.pk, "role": "owner"},
    )

    assert (gone.status_code, added.status_code) == (403, 403)
    target.refresh_from_db()
    assert target.role == before
    assert not StoreMember.objects.filter(user_id=new.pk).exists()


def test_owner_changes_a_role_and_no_more(doors: Doors) -> None:
    status = send_member(
        doors.client("owner"),
        doors.viewer,
        role="operator",
        store=doors.other.pk,
        user=doors.owner.user_id,
    )

    doors.viewer.refresh_from_db()
    assert status == 302
    assert doors.viewer.role == "operator"
    assert doors.viewer.store == doors.store
    assert doors.viewer.user != doors.owner.user


def test_owner_gives_sight_of_personal_data_only_who_has_it(doors: Doors) -> None:
    client = doors.client("owner")

    assert send_member(client, doors.operator, sees_personal_data="on") == 200
    added = client.post(
        address("storemember", "add"),
        {"store": doors.store.pk, "user": 1, "role": "owner"},
    )
    doors.operator.refresh_from_db()
    assert not doors.operator.sees_personal_data
    assert added.status_code == 200

    doors.owner.sees_personal_data = True
    doors.owner.save()
    assert send_member(client, doors.operator, sees_personal_data="on") == 302
    doors.operator.refresh_from_db()
    assert doors.operator.sees_personal_data


def test_sight_in_one_store_is_none_in_another(doors: Doors) -> None:
    second = builders.make_member(
        user=doors.owner.user, role="owner", sees_personal_data=True
    )
    colleague = builders.make_member(second.store, role="viewer")

    client = doors.client("owner")
    sent = {
        "store": doors.store.pk,
        "user": colleague.user_id,
        "role": "viewer",
        "sees_personal_data": "on",
    }
    assert client.post(address("storemember", "add"), sent).status_code == 200
    assert not StoreMember.objects.filter(
        store=doors.store, user_id=colleague.user_id
    ).exists()


@pytest.mark.parametrize("role", ROLES)
def test_another_store_s_membership_is_not_there(doors: Doors, role: str) -> None:
    client = doors.client(role)
    theirs = doors.stranger

    sent = [
        send_member(client, theirs, role="viewer"),
        client.post(
            address("storemember", "delete", theirs.pk), {"post": "yes"}
        ).status_code,
        client.get(address("storemember", "history", theirs.pk)).status_code,
    ]

    assert set(sent) <= {302, 403}
    theirs.refresh_from_db()
    assert theirs.role == "owner"


@pytest.mark.parametrize("role", ROLES)
def test_nobody_joins_another_store_or_brings_strangers(
    doors: Doors, role: str
) -> None:
    client, me = doors.client(role), getattr(doors, role).user

    for store, user in (
        (doors.other, me),
        (doors.store, doors.stranger.user),
        (doors.store, doors.superuser),
    ):
        client.post(
            address("storemember", "add"),
            {"store": store.pk, "user": user.pk, "role": "owner"},
        )

    assert StoreMember.objects.count() == 4


@pytest.mark.parametrize("role", ROLES)
def test_nobody_changes_the_plan(doors: Doors, role: str) -> None:
    fields = store_form(doors.store, name="Renamed", plan="flagship", slug="taken")

    doors.client(role).post(address("store", "change", doors.store.pk), fields)

    doors.store.refresh_from_db()
    assert doors.store.plan == Store.Plan.ENTERPRISE
    assert doors.store.slug != "taken"
    assert (doors.store.name == "Renamed") == (role == "owner")


@pytest.mark.parametrize("over", [{"currency": "XXQ"}, {"language": "xx"}])
def test_owner_s_form_takes_no_more_than_the_set_up(
    doors: Doors, over: dict[str, str]
) -> None:
    page = address("store", "change", doors.store.pk)
    answer = doors.client("owner").post(page, store_form(doors.store, **over))

    assert answer.status_code == 200
    assert next(iter(over.values())) in answer.context["errors"].as_text()
    doors.store.refresh_from_db()
    assert (doors.store.currency, doors.store.language) == ("USD", "en")


@pytest.mark.parametrize("role", ROLES)
def test_nobody_opens_or_deletes_stores(doors: Doors, role: str) -> None:
    client = doors.client(role)

    client.post(address("store", "add"), store_form(Store(name="New", slug="new")))
    client.post(address("store", "delete", doors.store.pk), {"post": "yes"})
    client.post(
        address("store", "changelist"),
        {
            "action": "delete_selected",
            "_selected_action": [doors.store.pk, doors.other.pk],
            "post": "yes",
        },
    )

    assert set(Store.objects.all()) == {doors.store, doors.other}


@pytest.mark.parametrize("role", ROLES)
def test_inline_forms_of_a_store_change_no_membership(doors: Doors, role: str) -> None:
    client, me = doors.client(role), getattr(doors, role)
    forged = [
        {"id": me.pk, "store": doors.store.pk, "user": me.user_id, "role": "owner"},
        {
            "id": doors.stranger.pk,
            "store": doors.other.pk,
            "user": me.user_id,
            "role": "owner",
            "DELETE": "on",
        },
        {"id": "", "store": doors.store.pk, "user": doors.stranger.user_id},
    ]
    fields = store_form(doors.store) | inline("members", *forged, initial=2)

    client.post(address("store", "change", doors.store.pk), fields)

    rows = StoreMember.objects.values_list("pk", "role", "user_id", "store_id")
    expected = (doors.owner, doors.operator, doors.viewer, doors.stranger)
    assert set(rows) == {(m.pk, m.role, m.user_id, m.store_id) for m in expected}


@pytest.mark.parametrize("over", [{}, {"DELETE": "on"}])
def test_inline_forms_take_no_warehouse_of_another_store(
    doors: Doors, over: dict[str, str]
) -> None:
    theirs = builders.make_warehouse(doors.other)
    forged = {
        "id": theirs.pk,
        "store": doors.store.pk,
        "name": "Taken",
        "code": "taken",
        **over,
    }
    fields = store_form(doors.store) | inline("warehouses", forged, initial=1)

    doors.client("owner").post(address("store", "change", doors.store.pk), fields)

    theirs.refresh_from_db()
    assert (theirs.store, theirs.name != "Taken") == (doors.other, True)


def test_bulk_deletion_stops_at_the_own_membership(doors: Doors) -> None:
    doors.client("owner").post(
        address("storemember", "changelist"),
        {
            "action": "delete_selected",
            "_selected_action": [doors.owner.pk, doors.viewer.pk, doors.stranger.pk],
            "select_across": "1",
            "post": "yes",
        },
    )

    assert StoreMember.objects.count() == 4


@pytest.mark.parametrize("role", ROLES)
def test_variant_goes_to_no_store_where_the_role_is_lower(
    doors: Doors, role: str
) -> None:
    me = getattr(doors, role).user
    looked_at = builders.make_member(user=me, role="viewer").store
    variant, theirs = (
        builders.make_variant(doors.store),
        builders.make_variant(looked_at),
    )
    client = doors.client(role)
    fields = {
        "sku": "TAKEN",
        "currency": "USD",
        "safety_stock": 0,
        "translations-TOTAL_FORMS": 0,
        "translations-INITIAL_FORMS": 0,
    }

    for row, store, product in (
        (variant, looked_at, variant.product),
        (variant, doors.store, theirs.product),
        (variant, doors.other, variant.product),
        (theirs, doors.store, variant.product),
    ):
        sent = {**fields, "store": store.pk, "product": product.pk}
        client.post(address("variant", "change", row.pk), sent)
    client.post(address("variant", "delete", theirs.pk), {"post": "yes"})

    assert not Variant.objects.filter(sku="TAKEN").exists()
    assert Variant.objects.filter(store=looked_at).count() == 1


@pytest.mark.parametrize("role", BELOW_OWNER)
def test_owners_alone_delete_and_keep_warehouses(doors: Doors, role: str) -> None:
    warehouse = builders.make_warehouse(doors.store)
    variant = builders.make_variant(doors.store)
    client = doors.client(role)
    fields = {"store": doors.store.pk, "name": "New", "code": "new"}

    answers = [
        client.post(address("warehouse", "change", warehouse.pk), fields),
        client.post(address("warehouse", "add"), fields),
        client.post(address("warehouse", "delete", warehouse.pk), {"post": "yes"}),
        client.post(address("variant", "delete", variant.pk), {"post": "yes"}),
        client.post(address("product", "delete", variant.product_id), {"post": "yes"}),
    ]

    assert {answer.status_code for answer in answers} == {403}
    assert Warehouse.objects.get() == warehouse


@pytest.mark.parametrize(
    "query",
    [
        "user__password__startswith=pbkdf2",
        "user__is_superuser__exact=1",
        "store__amazon_accounts__seller_id__startswith=A",
    ],
)
def test_filter_of_the_members_list_is_no_oracle(doors: Doors, query: str) -> None:
    page = doors.client("owner").get(f"{address('storemember', 'changelist')}?{query}")

    assert page.status_code == 400


@pytest.mark.parametrize("model", ["auditentry", "accessfailurelog"])
@pytest.mark.parametrize("role", [*ROLES, "superuser"])
def test_nobody_changes_a_log(doors: Doors, model: str, role: str) -> None:
    app = "axes" if model == "accessfailurelog" else "channels_amazon"
    signed_in(doors.viewer.user).get(address("user", "add", app="auth"))
    Client().post(address("user", "changelist", app="auth"), {})
    Client().post("/admin/login/", {"username": "nobody", "password": "wrong"})
    user = doors.superuser if role == "superuser" else getattr(doors, role).user
    client = signed_in(user)
    before = AuditEntry.objects.count()
    rows = AuditEntry.objects if model == "auditentry" else AccessFailureLog.objects
    key = rows.values_list("pk", flat=True)[0]

    for page, args in (("add", ()), ("change", (key,)), ("delete", (key,))):
        sent = client.post(
            address(model, page, *args, app=app), {"message": "x", "post": "yes"}
        )
        assert sent.status_code in (302, 403)
    client.post(
        address(model, "changelist", app=app),
        {"action": "delete_selected", "_selected_action": key, "post": "yes"},
    )

    kept = AuditEntry.objects.exclude(code="access.refused")
    assert AuditEntry.objects.count() >= before
    assert not kept.filter(message__startswith="x").exists()


def test_owner_reads_the_audit_of_own_stores_only(doors: Doors) -> None:
    page = doors.client("owner").get(address("auditentry", "changelist"))
    text = page.content.decode()

    assert page.status_code == 200
    assert doors.viewer.user.username in text
    assert doors.stranger.user.username not in text
    assert (
        doors.client("viewer").get(address("auditentry", "changelist")).status_code
        == 403
    )


def test_superuser_reads_the_failed_sign_ins(doors: Doors) -> None:
    Client().post("/admin/login/", {"username": "guessed", "password": "wrong"})
    where = address("accessfailurelog", "changelist", app="axes")
    failure = AccessFailureLog.objects.get()
    AccessFailureLog.objects.update(ip_address="2001:db8:7::")

    # What is kept of an address of IPv6 is its network, and is called so.
    one = address("accessfailurelog", "change", failure.pk, app="axes")
    for page in (where, one):
        text = signed_in(doors.superuser).get(page).content.decode()
        assert "guessed" in text
        assert "2001:db8:7::/64" in text
        assert "IP Address" not in text
    assert doors.client("owner").get(where).status_code == 403


def test_django_s_own_permissions_give_nothing(doors: Doors) -> None:
    outsider = builders.make_user()
    outsider.user_permissions.set(Permission.objects.all())
    client = signed_in(outsider)

    for model in ("store", "storemember", "warehouse", "variant", "auditentry"):
        assert client.get(address(model, "changelist")).status_code == 403
    assert client.get(address("user", "changelist", app="auth")).status_code == 403
