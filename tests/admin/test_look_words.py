"""A reader of Chinese finds no English name on the admin's own pages."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.contrib.admin.utils import flatten, label_for_field
from django.test import Client
from django.utils import translation
from django.utils.html import strip_tags

from channels_amazon.admin.site import site
from tests.admin.scene import Doors, address, make_doors
from tests.views.scene import signed_in

# What is written so in Chinese as well.
OF_ALL_LANGUAGES = re.compile(r"SKU|HTTP Accept|IP")
ENGLISH = re.compile(r"[A-Za-z]{2,}")


def names() -> list[tuple[type, Any, str]]:
    """Return each column and field that an admin page shows, with its page."""
    found = []
    for model, page in site._registry.items():
        columns = [name for name in page.list_display if isinstance(name, str)]
        fields = flatten(page.fields or ())
        found += [(model, page, name) for name in dict.fromkeys((*columns, *fields))]
        for inline in page.inlines:
            inner = flatten(inline.fields or ())
            found += [(inline.model, inline, name) for name in inner]
    return found


def test_every_name_on_a_page_of_the_admin_is_translated() -> None:
    with translation.override("zh-hans"):
        labels = {
            f"{model.__name__}.{name}": str(label_for_field(name, model, page))
            for model, page, name in names()
        }

    assert len(labels) > 30
    english = {
        name: label
        for name, label in labels.items()
        if ENGLISH.search(OF_ALL_LANGUAGES.sub("", label))
    }
    assert english == {}


@pytest.fixture
def doors(db: None) -> Doors:
    """Give two stores and people of each role."""
    return make_doors()


def chinese(client: Client, where: str) -> str:
    """Return the text of a page as a reader of Chinese sees it."""
    page = client.get(where, headers={"accept-language": "zh-hans"})
    assert page.status_code == 200
    return " ".join(strip_tags(page.text).split())


def test_user_s_page_speaks_of_the_password_in_one_language(doors: Doors) -> None:
    client = signed_in(doors.superuser)
    where = address("user", "change", doors.viewer.user.pk, app="auth")

    page = client.get(where)

    assert "Raw passwords are not stored" not in page.text
    assert "No password is kept as it was typed" in page.text
    assert '<a href="../password/">Change password</a>' in page.text
    assert "Raw passwords" not in chinese(client, where)
    assert "Change password" not in chinese(client, where)
