"""The emulator's listings, judged by the model Amazon publishes."""

from __future__ import annotations

import pytest

from channels_amazon.emulator.server import Emulator
from tests.fidelity.amazon_models import faults_of
from tests.fidelity.judging import (
    assert_follows_the_model,
    assert_has_the_declared_headers,
)
from tests.fidelity.listing_cases import CASES, EVERY_LISTING_DATA, NEW_ITEM
from tests.fidelity.scene import US, Scene

pytestmark = [pytest.mark.models, pytest.mark.usefixtures("spapi_models")]

ITEMS = "/listings/2021-08-01/items/{seller}"


@pytest.mark.parametrize("name", CASES)
def test_answer_follows_the_model(amazon: Emulator, scene: Scene, name: str) -> None:
    _let_there_be_the_new_listing(amazon, scene, name)
    assert_follows_the_model(scene, CASES[name])
    amazon.advance(1)


@pytest.mark.parametrize("name", CASES)
def test_answer_has_the_declared_headers(
    amazon: Emulator, scene: Scene, name: str
) -> None:
    _let_there_be_the_new_listing(amazon, scene, name)
    assert_has_the_declared_headers(scene, CASES[name])
    amazon.advance(1)


def test_suppressed_offer_follows_the_model(amazon: Emulator, scene: Scene) -> None:
    sku = scene.names["fba_sku"]
    amazon.control("offer", sku=sku, marketplace_id=US, suppressed=True)
    params = {"marketplaceIds": US, "includedData": EVERY_LISTING_DATA}

    reply = scene.ask("GET", f"{ITEMS}/{sku}", params=params)

    assert reply.json["issues"][0]["enforcements"]["actions"]
    assert faults_of("GET", scene.fill(f"{ITEMS}/{sku}"), 200, reply.body) == []


def _let_there_be_the_new_listing(amazon: Emulator, scene: Scene, name: str) -> None:
    """Put the SKU that some cases read, where a case before has not."""
    if name in {"new listing", "delete"}:
        case = CASES["new listing put"]
        scene.ask("PUT", NEW_ITEM, params=case.params, body=case.body)
        amazon.advance(1)
