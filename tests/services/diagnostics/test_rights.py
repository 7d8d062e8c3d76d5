"""Each change of a right is in the audit log, whatever way it was made."""

from __future__ import annotations

from datetime import timedelta

import pytest
from axes.models import AccessFailureLog, AccessLog
from django.contrib.auth.models import User
from django.core.management import call_command
from django.utils import timezone
from django.utils.translation import override

from channels_amazon.models import (
    AuditEntry,
    DiagnosticEntry,
    Store,
    StoreMember,
    translated,
)
from channels_amazon.services.diagnostics.actor import acting
from channels_amazon.services.diagnostics.audit import Audited, audit
from channels_amazon.services.diagnostics.entries import Entry, record
from channels_amazon.services.jobs import maintenance
from channels_amazon.services.privacy import retention
from tests import builders
from tests.admin.scene import address, inline, make_doors, store_form
from tests.views.scene import signed_in

pytestmark = pytest.mark.django_db


def told(code: str) -> list[AuditEntry]:
    """Return the entries of that code, oldest first."""
    return list(AuditEntry.objects.filter(code=code).order_by("pk"))


def test_change_names_who_whom_where_from_and_to() -> None:
    member = builders.make_member(role="viewer")
    with acting("ann"):
        member.role, member.sees_personal_data = "owner", True
        member.save()

    (entry,) = told("member.changed")
    assert (entry.actor, entry.store) == ("ann", member.store)
    assert entry.reference == member.user.username
    assert entry.message == (
        f"The membership of {member.user.username} in {member.store.name} was changed "
        "from viewer, does not see personal data to owner, sees personal data."
    )


def test_saving_without_a_change_says_nothing() -> None:
    member = builders.make_member()
    member.save()

    assert not told("member.changed")


def test_statement_for_many_rows_is_told_row_by_row() -> None:
    store = builders.make_store()
    for _ in range(2):
        builders.make_member(store, role="viewer")

    assert StoreMember.objects.filter(store=store).update(role="operator") == 2
    member = StoreMember.objects.get(pk=StoreMember.objects.values("pk")[:1])
    member.sees_personal_data = True
    StoreMember.objects.bulk_update([member], ["sees_personal_data"])
    new = StoreMember(store=store, user_id=builders.make_user().pk, role="owner")
    StoreMember.objects.bulk_create([new])

    assert len(told("member.changed")) == 3
    assert len(told("member.added")) == 3


def test_membership_handed_over_is_told_of_both() -> None:
    member = builders.make_member(role="owner")
    before, after = member.user, builders.make_user()
    member.user_id = after.pk
    member.save()

    assert told("member.removed")[0].reference == before.username
    assert told("member.added")[-1].reference == after.username


@pytest.mark.parametrize("by", ["row", "rows", "user", "users"])
def test_end_of_a_membership_is_told_though_the_user_went(by: str) -> None:
    member = builders.make_member()
    name, user = member.user.username, User.objects.get(pk=member.user_id)
    {
        "row": member.delete,
        "rows": StoreMember.objects.all().delete,
        "user": user.delete,
        "users": User.objects.all().delete,
    }[by]()

    (entry,) = told("member.removed")
    assert (entry.reference, entry.store) == (name, member.store)


@pytest.mark.parametrize("by_rows", [False, True])
def test_audit_outlives_the_store(by_rows: bool) -> None:
    member = builders.make_member()
    account = builders.make_account(member.store)
    record(Entry(code="account.connected", message="It was.", account=account))
    store = member.store
    if by_rows:
        Store.objects.filter(pk=store.pk).delete()
    else:
        store.delete()

    codes = [entry.code for entry in AuditEntry.objects.order_by("pk")]
    assert codes[-2:] == ["member.removed", "store.deleted"]
    assert told("member.added")[0].store is None
    assert member.user.username in told("member.removed")[0].message
    assert DiagnosticEntry.objects.get().store is None


def test_change_of_plan_is_told() -> None:
    store = builders.make_store()
    store.plan = "basic"
    store.save()

    (entry,) = told("store.plan_changed")
    assert "from Enterprise to Basic" in entry.message
    with override("zh-hans"):
        said = translated(entry.message)
        for plan in ("enterprise", "basic"):
            assert str(Store.Plan(plan).label) in said
        assert "nterprise" not in said


def test_plan_of_a_new_store_is_told_in_the_reader_s_language() -> None:
    with override("zh-hans"):
        builders.make_store(plan="flagship")
        (entry,) = told("store.created")
        said = translated(entry.message)

        assert "on the plan Flagship." in entry.message
        assert str(Store.Plan.FLAGSHIP.label) in said
        assert "lagship" not in said


def test_rights_and_password_of_a_user_are_told() -> None:
    user = builders.make_user(username="ann@shop.example", is_staff=False)
    user.is_superuser = user.is_staff = True
    user.set_password("another-long-password")
    user.save()

    (entry,) = told("user.changed")
    assert "from may not sign in to runs the installation" in entry.message
    assert "ann%40shop.example" in entry.message
    (changed, again) = told("user.password_changed")
    assert changed.message == again.message
    assert "a-long-password" not in again.message


def test_sign_in_changes_no_right() -> None:
    user = builders.make_user()
    before = AuditEntry.objects.count()
    signed_in(user)
    user.check_password("a-long-password")

    assert AuditEntry.objects.count() == before


def test_command_is_named_as_the_actor(monkeypatch: pytest.MonkeyPatch) -> None:
    argv = ["/srv/manage.py", "setup_demo", "--secret=1"]
    monkeypatch.setattr("sys.argv", argv)
    builders.make_member()

    assert told("member.added")[0].actor == "manage.py setup_demo"


def test_demonstration_s_owner_is_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path: object, settings: object
) -> None:
    settings.DATA_DIR = tmp_path  # type: ignore[attr-defined]
    settings.SPAPI_APP_ID = ""  # type: ignore[attr-defined]
    settings.SPAPI_ENDPOINT_NA = "https://nowhere.example"  # type: ignore[attr-defined]

    call_command("setup_demo")

    assert "owner, sees personal data" in told("member.added")[0].message


def test_inline_of_a_superuser_is_told() -> None:
    doors = make_doors()
    row = {
        "id": doors.viewer.pk,
        "store": doors.store.pk,
        "user": doors.viewer.user_id,
        "role": "owner",
        "sees_personal_data": "on",
    }
    others = [
        {"id": m.pk, "store": m.store_id, "user": m.user_id, "role": m.role}
        for m in (doors.owner, doors.operator)
    ]
    fields = store_form(doors.store) | inline("members", *others, row, initial=3)

    sent = signed_in(doors.superuser).post(
        address("store", "change", doors.store.pk), fields
    )

    assert sent.status_code == 302
    (entry,) = told("member.changed")
    assert (entry.actor, entry.reference) == (
        doors.superuser.username,
        doors.viewer.user.username,
    )


def test_entries_are_only_added() -> None:
    entry = audit(Audited(code="member.added", message="It was.", actor="ann"))
    entry.message = "It was not."

    with pytest.raises(TypeError):
        entry.save()
    with pytest.raises(TypeError):
        entry.delete()
    with pytest.raises(TypeError):
        AuditEntry.objects.all().delete()
    with pytest.raises(TypeError):
        AuditEntry.objects.update(actor="bob")


def test_retention_keeps_the_audit_for_a_year_and_no_longer() -> None:
    for days in (410, 390):
        at = timezone.now() - timedelta(days=days)
        kept = audit(Audited(code="member.changed", message="It was.", actor=""))
        AuditEntry._base_manager.filter(pk=kept.pk).update(at=at)
        for model in (AccessFailureLog, AccessLog):
            row = model.objects.create(username=f"user-{days}")
            model.objects.filter(pk=row.pk).update(attempt_time=at)
        for code in ("account.disconnected", "store.secret_rotated", "job.failing"):
            entry = record(Entry(code=code, message="It was."))
            DiagnosticEntry.objects.filter(pk=entry.pk).update(at=at)

    maintenance.run_pass(retention.PASS)

    assert AuditEntry.objects.count() == 1
    assert AccessFailureLog.objects.get().username == "user-390"
    assert AccessLog.objects.get().username == "user-390"
    codes = set(DiagnosticEntry.objects.values_list("code", flat=True))
    assert codes == {"account.disconnected", "store.secret_rotated"}
    assert DiagnosticEntry.objects.count() == 2
