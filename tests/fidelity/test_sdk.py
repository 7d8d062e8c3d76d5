"""Amazon's own Python SDK performs every served operation against the emulator."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from channels_amazon.emulator.model.places import places_of
from channels_amazon.emulator.operations.routes import ROUTES
from channels_amazon.emulator.server import Emulator
from tests.fidelity.scene import NOBODYS_ORDER, US, Scene
from tests.fidelity.sdk import FEEDS, OTHERS, OUTBOUND, REPORTS, Sdk

SHIPMENT_ID = "00000000-0000-4000-8000-000000000000"


def test_get_marketplace_participations(sdk: Sdk) -> None:
    answer = sdk.package.SellersApi(sdk.seller).get_marketplace_participations()
    assert [row.marketplace.country_code for row in answer.payload] == [
        "US",
        "CA",
        "MX",
    ]


def test_get_account(amazon: Emulator, sdk: Sdk) -> None:
    settings = amazon.settings()
    config = sdk.package.SPAPIConfig(
        settings["LWA_CLIENT_ID"],
        settings["LWA_CLIENT_SECRET"],
        refresh_token=amazon.refresh_token("eu"),
    )
    europe = sdk.package.SPAPIClient(
        config,
        oauth_endpoint=settings["LWA_TOKEN_URL"],
        endpoint=settings["SPAPI_ENDPOINT_EU"],
    ).api_client
    answer = sdk.package.SellersApi(europe).get_account()
    europe.rest_client.pool_manager.clear()
    assert answer.payload.selling_plan == "PROFESSIONAL"


def test_search_orders(sdk: Sdk) -> None:
    answer = sdk.package.SearchOrdersApi(sdk.seller).search_orders(
        created_after=datetime(2020, 1, 1, tzinfo=UTC),
        marketplace_ids=[place.marketplace_id for place in places_of("na")],
        included_data=["FULFILLMENT", "PROCEEDS", "PACKAGES"],
        max_results_per_page=3,
    )
    assert len(answer.orders) == 3
    assert answer.pagination.next_token


def test_get_order(sdk: Sdk, scene: Scene) -> None:
    api = sdk.package.GetOrderApi(sdk.seller)
    answer = api.get_order(
        scene.names["order"], included_data=["FULFILLMENT", "RECIPIENT", "BUYER"]
    )
    assert answer.order.order_id == scene.names["order"]
    assert answer.order.fulfillment.fulfillment_status == "UNSHIPPED"
    assert answer.order.recipient.delivery_address.country_code == "US"


def test_get_order_of_nobody_raises(sdk: Sdk) -> None:
    with pytest.raises(sdk.package.ApiException) as caught:
        sdk.package.GetOrderApi(sdk.seller).get_order(NOBODYS_ORDER)
    assert caught.value.status == 404


def test_confirm_shipment(sdk: Sdk, scene: Scene) -> None:
    models = sdk.models("orders_v0")
    parcel = models.PackageDetail(
        package_reference_id="1",
        carrier_code="UPS",
        tracking_number="1Z999",
        ship_date=datetime.fromisoformat(scene.names["now"]),
        order_items=[
            models.ConfirmShipmentOrderItem(
                order_item_id=scene.names["item"], quantity=2
            )
        ],
    )
    body = models.ConfirmShipmentRequest(marketplace_id=US, package_detail=parcel)
    sdk.package.OrdersV0Api(sdk.seller).confirm_shipment(scene.names["order"], body)
    read = sdk.package.GetOrderApi(sdk.seller).get_order(
        scene.names["order"], included_data=["PACKAGES", "FULFILLMENT"]
    )
    assert [package.tracking_number for package in read.order.packages] == ["1Z999"]
    assert read.order.fulfillment.fulfillment_status == "SHIPPED"


def test_get_listings_item(sdk: Sdk, scene: Scene) -> None:
    answer = sdk.package.ListingsApi(sdk.seller).get_listings_item(
        scene.names["seller"],
        scene.names["sku"],
        [US],
        included_data=["summaries", "offers", "fulfillmentAvailability"],
    )
    assert answer.sku == scene.names["sku"]
    assert answer.offers[0].price.currency_code == "USD"


def test_search_listings_items(sdk: Sdk, scene: Scene) -> None:
    answer = sdk.package.ListingsApi(sdk.seller).search_listings_items(
        scene.names["seller"], [US], page_size=5
    )
    assert len(answer.items) == 5
    assert answer.number_of_results > 5


def test_patch_listings_item(sdk: Sdk, scene: Scene) -> None:
    models = sdk.models("listings_items_v2021_08_01")
    patch = models.PatchOperation(
        op="replace",
        path="/attributes/fulfillment_availability",
        value=[{"fulfillment_channel_code": "DEFAULT", "quantity": 5}],
    )
    body = models.ListingsItemPatchRequest(product_type="PRODUCT", patches=[patch])
    answer = sdk.package.ListingsApi(sdk.seller).patch_listings_item(
        scene.names["seller"], scene.names["sku"], [US], body
    )
    assert answer.status == "ACCEPTED"


def test_put_listings_item(sdk: Sdk, scene: Scene) -> None:
    body = sdk.models("listings_items_v2021_08_01").ListingsItemPutRequest(
        product_type="PRODUCT",
        attributes={
            "fulfillment_availability": [
                {"fulfillment_channel_code": "DEFAULT", "quantity": 6}
            ]
        },
    )
    answer = sdk.package.ListingsApi(sdk.seller).put_listings_item(
        scene.names["seller"], scene.names["sku"], [US], body
    )
    assert answer.status == "ACCEPTED"


def test_put_listings_item_makes_and_delete_ends_it(
    sdk: Sdk, amazon: Emulator, scene: Scene
) -> None:
    models, api = (
        sdk.models("listings_items_v2021_08_01"),
        sdk.package.ListingsApi(sdk.seller),
    )
    body = models.ListingsItemPutRequest(
        product_type="PRODUCT",
        requirements="LISTING_OFFER_ONLY",
        attributes={"merchant_suggested_asin": [{"value": scene.names["asin"]}]},
    )
    made = api.put_listings_item(scene.names["seller"], "SDK-1", [US], body)
    amazon.advance(1)
    read = api.get_listings_item(scene.names["seller"], "SDK-1", [US])
    gone = api.delete_listings_item(scene.names["seller"], "SDK-1", [US])
    amazon.advance(1)
    assert (made.status, read.sku, gone.status) == ("ACCEPTED", "SDK-1", "ACCEPTED")
    with pytest.raises(sdk.package.ApiException) as caught:
        api.get_listings_item(scene.names["seller"], "SDK-1", [US])
    assert caught.value.status == 404


def test_get_inventory_summaries(sdk: Sdk) -> None:
    answer = sdk.package.FbaInventoryApi(sdk.seller).get_inventory_summaries(
        "Marketplace", US, [US], details=True
    )
    summaries = answer.payload.inventory_summaries
    assert summaries
    assert summaries[0].inventory_details.fulfillable_quantity >= 0


def test_delete_destination(sdk: Sdk, scene: Scene) -> None:
    api = sdk.package.NotificationsApi(sdk.grantless)
    _drop_subscription(api, scene)
    api.delete_destination(scene.names.pop("destination"))
    assert api.get_destinations().payload == []
    _make_destination(sdk, scene)


def test_create_destination(sdk: Sdk, scene: Scene) -> None:
    api = sdk.package.NotificationsApi(sdk.grantless)
    # The scene's own destination has taken the queue, so it has to go first.
    _drop_subscription(api, scene)
    api.delete_destination(scene.names.pop("destination"))
    made = _make_destination(sdk, scene)
    assert made.payload.resource.sqs.arn == scene.names["arn"]


def test_get_destinations(sdk: Sdk, scene: Scene) -> None:
    answer = sdk.package.NotificationsApi(sdk.grantless).get_destinations()
    ids = [destination.destination_id for destination in answer.payload]
    assert ids == [scene.names["destination"]]


def test_get_destination(sdk: Sdk, scene: Scene) -> None:
    api = sdk.package.NotificationsApi(sdk.grantless)
    answer = api.get_destination(scene.names["destination"])
    assert answer.payload.resource.sqs.arn == scene.names["arn"]


def test_create_subscription(sdk: Sdk, scene: Scene) -> None:
    _drop_subscription(sdk.package.NotificationsApi(sdk.grantless), scene)
    made = _make_subscription(sdk, scene)
    assert made.payload.destination_id == scene.names["destination"]


def test_get_subscription(sdk: Sdk, scene: Scene) -> None:
    known = _subscription(sdk, scene)
    read = sdk.package.NotificationsApi(sdk.seller).get_subscription("ORDER_CHANGE")
    assert read.payload.subscription_id == known


def test_get_subscription_by_id(sdk: Sdk, scene: Scene) -> None:
    known = _subscription(sdk, scene)
    api = sdk.package.NotificationsApi(sdk.grantless)
    read = api.get_subscription_by_id(known, "ORDER_CHANGE")
    assert read.payload.destination_id == scene.names["destination"]


def test_delete_subscription_by_id(sdk: Sdk, amazon: Emulator, scene: Scene) -> None:
    known = _subscription(sdk, scene)
    _drop_subscription(sdk.package.NotificationsApi(sdk.grantless), scene)
    assert known not in amazon.state.subscriptions


def test_search_catalog_items(sdk: Sdk, scene: Scene) -> None:
    answer = sdk.package.CatalogApi(sdk.seller).search_catalog_items(
        [US], identifiers=[scene.names["asin"]], identifiers_type="ASIN"
    )
    assert [item.asin for item in answer.items] == [scene.names["asin"]]


def test_create_restricted_data_token(sdk: Sdk) -> None:
    models = sdk.models("tokens_v2021_03_01")
    resource = models.RestrictedResource(
        method="GET", path=f"/mfn/v0/shipments/{SHIPMENT_ID}"
    )
    answer = sdk.package.TokensApi(sdk.seller).create_restricted_data_token(
        models.CreateRestrictedDataTokenRequest(restricted_resources=[resource])
    )
    assert answer.restricted_data_token.startswith("Atz.sprdt|")


def test_get_shipment_without_restricted_token_raises(sdk: Sdk) -> None:
    with pytest.raises(sdk.package.ApiException) as caught:
        sdk.package.MerchantFulfillmentApi(sdk.seller).get_shipment(SHIPMENT_ID)
    assert caught.value.status == 403


def test_get_eligible_shipment_services(sdk: Sdk) -> None:
    # The probe's own form: an order nobody has, so that 400 proves the role.
    body = {"ShipmentRequestDetails": {"AmazonOrderId": NOBODYS_ORDER}}
    api = sdk.package.MerchantFulfillmentApi(sdk.seller)
    with pytest.raises(sdk.package.ApiException) as caught:
        api.get_eligible_shipment_services(body)
    assert caught.value.status == 400


def test_operations_were_performed(amazon: Emulator) -> None:
    with amazon.state.lock:
        assert set(amazon.state.calls) >= OTHERS


def test_every_served_operation_is_performed_somewhere() -> None:
    performed = OTHERS | OUTBOUND | REPORTS | FEEDS
    assert {route.operation for route in ROUTES} <= performed


def _make_destination(sdk: Sdk, scene: Scene) -> Any:
    models = sdk.models("notifications_v1")
    made = sdk.package.NotificationsApi(sdk.grantless).create_destination(
        models.CreateDestinationRequest(
            name="sdk",
            resource_specification=models.DestinationResourceSpecification(
                sqs=models.SqsResource(arn=scene.names["arn"])
            ),
        )
    )
    scene.names["destination"] = made.payload.destination_id
    return made


def _make_subscription(sdk: Sdk, scene: Scene) -> Any:
    models = sdk.models("notifications_v1")
    made = sdk.package.NotificationsApi(sdk.seller).create_subscription(
        "ORDER_CHANGE",
        models.CreateSubscriptionRequest(
            payload_version="1.0", destination_id=scene.names["destination"]
        ),
    )
    scene.names["subscription"] = made.payload.subscription_id
    return made


def _subscription(sdk: Sdk, scene: Scene) -> str:
    """Return the id of the seller's subscription, made anew if there is none."""
    if "subscription" not in scene.names:
        _make_subscription(sdk, scene)
    return str(scene.names["subscription"])


def _drop_subscription(api: Any, scene: Scene) -> None:
    """Delete the seller's subscription, if there is one."""
    known = scene.names.pop("subscription", None)
    if known is not None:
        api.delete_subscription_by_id(known, "ORDER_CHANGE")
