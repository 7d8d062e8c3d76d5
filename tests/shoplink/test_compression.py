"""Pages go compressed; what could betray something or would wait goes as it is."""

from __future__ import annotations

import gzip

import pytest
from django.test import Client
from django.urls import reverse

from tests.views.scene import World, make_world, signed_in

pytestmark = pytest.mark.django_db

ZIPPED = {"accept-encoding": "gzip, deflate, br"}


@pytest.fixture
def world() -> World:
    """Give a store with rows and its owner."""
    return make_world()


def test_page_is_compressed(world: World) -> None:
    address = reverse("amazon-order-list")
    client = signed_in(world.owner)

    plain = client.get(address)
    zipped = client.get(address, headers=ZIPPED)

    assert "Content-Encoding" not in plain
    assert zipped["Content-Encoding"] == "gzip"
    assert len(zipped.content) < len(plain.content) / 4
    assert world.order.amazon_order_id in gzip.decompress(zipped.content).decode()


def test_same_page_has_no_length_of_its_own(world: World) -> None:
    client = signed_in(world.owner)

    lengths = {
        len(client.get(reverse("amazon-order-list"), headers=ZIPPED).content)
        for _ in range(8)
    }

    assert len(lengths) > 1


def test_answer_to_a_form_is_left_as_it_is(world: World) -> None:
    # It may show a secret, or a buyer's data.
    address = reverse("amazon-order-reveal", args=[world.order.pk])

    answer = signed_in(world.owner).post(address, headers=ZIPPED)

    assert answer.status_code == 200
    assert "Content-Encoding" not in answer


def test_export_is_left_as_it_is(world: World) -> None:
    answer = signed_in(world.owner).get(reverse("amazon-log-export"), headers=ZIPPED)

    assert answer.streaming
    assert "Content-Encoding" not in answer


def test_sign_in_page_is_compressed() -> None:
    answer = Client().get(reverse("admin:login"), headers=ZIPPED)

    assert answer["Content-Encoding"] == "gzip"
