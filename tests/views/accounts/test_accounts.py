"""The cards of the accounts, and what is left of an authorisation."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import strip_tags

from channels_amazon.models import AmazonAccount
from tests.views.scene import make_world, signed_in

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("left", "ending", "beside"),
    [
        (timedelta(hours=29.5), "ends in 1 day, 5 hours", "(1 day, 5 hours left)"),
        (timedelta(hours=47.5), "ends in 1 day, 23 hours", "(1 day, 23 hours left)"),
        (timedelta(days=9.5), "ends in 9 days", "(9 days left)"),
        (-timedelta(hours=1), "year is over", "year is over"),
    ],
)
def test_what_is_left_of_an_authorisation_is_told_by_the_hour_at_its_end(
    left: timedelta, ending: str, beside: str
) -> None:
    world = make_world()
    given = timezone.now() + left - AmazonAccount.AUTHORIZATION_LASTS
    AmazonAccount.objects.update(authorized_at=given)
    client = signed_in(world.owner)

    cards = client.get(reverse("amazon-account-list")).text
    status = client.get(reverse("amazon-status", args=[world.account.pk])).text

    assert ending in " ".join(strip_tags(cards).replace("\xa0", " ").split())
    assert beside in " ".join(strip_tags(status).replace("\xa0", " ").split())
    assert "0 days" not in strip_tags(cards)
