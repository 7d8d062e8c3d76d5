"""The connection status of an account whose authorisation was taken back."""

from __future__ import annotations

import pytest
from django.urls import reverse
from django.utils import timezone

from tests import builders
from tests.views.scene import make_world, signed_in

pytestmark = pytest.mark.django_db


def test_nothing_is_promised_while_the_authorisation_is_lost() -> None:
    world = make_world()
    world.account.state = "needs_authorization"
    world.account.subscription_id = "sub-1"
    world.account.subscribed_at = timezone.now()
    world.account.save()
    builders.make_job(
        world.account, blocked_code="token.revoked", blocked_message="Gone."
    )
    address = reverse("amazon-status", args=[world.account.pk])

    text = signed_in(world.owner).get(address).content.decode()

    assert "Was subscribed" in text
    assert "Amazon tells us of each change at once" not in text
    next_run = text.split('data-label="Next run">', 1)[1].split("</td>", 1)[0]
    assert "<time" not in next_run
