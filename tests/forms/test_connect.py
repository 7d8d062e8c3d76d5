"""Seller ids and tokens are put right, or refused with an example."""

from __future__ import annotations

import pytest

from channels_amazon.forms.connect import PrivateForm
from channels_amazon.models import Store
from tests.builders import make_store

pytestmark = pytest.mark.django_db

TOKEN = "Atzr|IwEBIJ-made-up"


def filled(**over: str) -> PrivateForm:
    """Return the form as a person filled it in."""
    data = {
        "store": str(make_store().pk),
        "region": "na",
        "seller_id": "A3TH9S8BH6GOGM",
        "refresh_token": TOKEN,
    }
    return PrivateForm(Store.objects.all(), data | over)


@pytest.mark.parametrize(
    ("seller_id", "token"),
    [
        ("「a3th9s8bh6gogm」\u3000", f'"{TOKEN}"'),
        ("Ａ３ＴＨ９Ｓ８ＢＨ６ＧＯＧＭ", "Atzr%7CIwEBIJ-made-up"),
        ("\ufeffA3TH9S8BH6GOGM,", f"\u200b{TOKEN[:9]}\n{TOKEN[9:]}"),
    ],
)
def test_what_was_pasted_is_put_right(seller_id: str, token: str) -> None:
    form = filled(seller_id=seller_id, refresh_token=token)

    assert form.is_valid(), form.errors
    assert form.cleaned_data["seller_id"] == "A3TH9S8BH6GOGM"
    assert form.cleaned_data["refresh_token"] == TOKEN


def test_another_form_is_refused_with_an_example() -> None:
    form = filled(seller_id="My Shop GmbH & Co.", refresh_token="Atzr|…")

    assert "such as A3TH9S8BH6GOGM" in str(form.errors["seller_id"])
    assert "Atzr|IwEBIExample" in str(form.errors["refresh_token"])
