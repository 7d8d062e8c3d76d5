"""A page that was refused to a user is kept with who asked, and from where."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import DatabaseError
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from channels_amazon.models import AuditEntry
from tests.builders import make_account, make_member
from tests.views.scene import make_member_client, signed_in

pytestmark = pytest.mark.django_db


def refusals() -> list[AuditEntry]:
    """Return the entries, oldest first."""
    return list(AuditEntry.objects.filter(code="access.refused").order_by("pk"))


def test_refused_page_names_user_page_and_address(settings: Settings) -> None:
    settings.BEHIND_PROXY = True
    account = make_account()
    viewer = make_member(account.store, role="viewer").user
    address = reverse("amazon-account-disconnect", args=[account.pk])

    for _ in range(3):
        answer = signed_in(viewer).post(address, HTTP_X_FORWARDED_FOR="203.0.113.7")
        assert answer.status_code == 403

    (entry,) = refusals()
    assert entry.actor == viewer.get_username()
    assert f"POST {address}" in entry.message
    assert "203.0.113.7" in entry.message
    assert entry.store is None


def test_each_user_and_page_is_told_of() -> None:
    account = make_account()
    for name in ("amazon-account-disconnect", "amazon-health-run"):
        for _ in range(2):
            client = make_member_client(account.store, "viewer")
            client.post(reverse(name, args=[account.pk]))

    assert len(refusals()) == 4


def test_same_page_of_other_rows_fills_no_table() -> None:
    store = make_account().store
    viewer = make_member_client(store, "viewer")

    for _ in range(3):
        address = reverse("amazon-account-disconnect", args=[make_account(store).pk])
        assert viewer.post(address).status_code == 403

    (entry,) = refusals()
    assert entry.reference == "amazon-account-disconnect"


def test_one_user_s_refusals_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shoplink.refused_pages._MOST_PAGES", 2)
    viewer = make_member_client(make_account().store, "viewer")

    for page in ("auth_user_add", "auth_user_changelist", "channels_amazon_store_add"):
        assert viewer.get(reverse(f"admin:{page}")).status_code == 403

    assert len(refusals()) == 2
    other = make_member_client(make_account().store, "viewer")
    other.get(reverse("admin:auth_user_add"))
    assert len(refusals()) == 3


@pytest.mark.parametrize("method", ["POST", "MADEUP1", "MADEUP2"])
def test_forged_forms_are_one_entry(method: str) -> None:
    client = Client(enforce_csrf_checks=True)
    member = make_member().user
    client.force_login(member, backend="django.contrib.auth.backends.ModelBackend")

    for kind in (method, "PUT"):
        assert client.generic(kind, reverse("admin:logout")).status_code == 403

    assert AuditEntry.objects.filter(code="access.form_refused").count() == 1


def test_admin_s_own_refusal_is_kept_too() -> None:
    viewer = make_member_client(make_account().store, "viewer")

    assert viewer.get(reverse("admin:auth_user_add")).status_code == 403

    assert len(refusals()) == 1


def test_forged_form_of_a_signed_in_user_is_kept() -> None:
    member = make_member(role="owner").user
    client = Client(enforce_csrf_checks=True)
    client.force_login(member, backend="django.contrib.auth.backends.ModelBackend")

    assert client.post(reverse("admin:logout")).status_code == 403

    (entry,) = AuditEntry.objects.filter(code="access.form_refused")
    assert entry.actor == member.get_username()
    assert "The page was too old, or the form is another site's." in entry.message
    # Their rights were not in question.
    assert not refusals()


def test_stranger_cannot_fill_the_table(caplog: pytest.LogCaptureFixture) -> None:
    stranger = Client(enforce_csrf_checks=True)

    assert stranger.post(reverse("admin:login")).status_code == 403

    assert not refusals()
    assert "page refused address=127.0.0.1 user=- page=POST /admin/" in caplog.text


def test_refusal_stands_though_it_cannot_be_kept(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fails(*args: Any, **options: Any) -> None:
        raise DatabaseError("locked")

    monkeypatch.setattr("shoplink.refused_pages.audit_once", fails)
    viewer = make_member_client(make_account().store, "viewer")

    assert viewer.get(reverse("admin:auth_user_add")).status_code == 403
