"""The admin's own pages begin with what they are for."""

from __future__ import annotations

import pytest

from channels_amazon.admin.site import site
from channels_amazon.models import Variant
from tests import builders
from tests.admin.scene import address, make_doors
from tests.views.scene import signed_in

pytestmark = pytest.mark.django_db


def first_line(text: str) -> str:
    """Return the sentence that the page begins with, without its markup."""
    begin = text.index("sl-first-line")
    return " ".join(text[begin : text.index("</div>", begin)].split())


def test_every_list_and_form_of_ours_has_one() -> None:
    doors = make_doors()
    client = signed_in(doors.superuser)
    without = []
    for model in site._registry:
        app, name = model._meta.app_label, str(model._meta.model_name)
        page = client.get(address(name, "changelist", app=app))
        if b"sl-first-line" not in page.content:
            without.append(name)
        row = model._default_manager.order_by("pk").first()
        if row is not None:
            form = client.get(address(name, "change", row.pk, app=app))
            assert b"sl-first-line" in form.content, name

    assert without == []


def test_line_counts_what_lacks_something_in_the_own_stores() -> None:
    doors = make_doors()
    builders.make_variant(doors.store, sku="TEA-1")
    builders.make_variant(doors.other, sku="TEA-2")
    client = doors.client("operator")

    lacking = first_line(client.get(address("variant", "changelist")).content.decode())
    account = builders.make_account(doors.store)
    builders.make_listing(account, variant=doors.store.variants.get())
    complete = first_line(client.get(address("variant", "changelist")).content.decode())

    assert "1 variant is not on Amazon" in lacking
    assert "Nothing is needed here." in complete


def test_list_has_the_scripts_of_its_own_forms_too(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    doors = make_doors()
    admin = site._registry[Variant]

    class OwnForm(admin.action_form):  # type: ignore[misc,name-defined]
        class Media:
            js = ("own.js",)

    monkeypatch.setattr(admin, "action_form", OwnForm)

    page = signed_in(doors.superuser).get(address("variant", "changelist"))

    scripts = page.content.decode()
    assert "own.js" in scripts
    assert "admin/js/actions.js" in scripts


def test_people_without_a_store_are_told_of() -> None:
    doors = make_doors()
    builders.make_user()

    page = signed_in(doors.superuser).get(address("user", "changelist", app="auth"))

    assert "1 person is a member of no store" in first_line(page.content.decode())
