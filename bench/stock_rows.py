"""Gives one account thousands of plain listings, and changes all their quantities.

A process of the farm. Usage: python -m bench.stock_rows fill ACCOUNT COUNT MARKETPLACE
FEED_TIMES, then: ... change ACCOUNT ZEROS. FEED_TIMES is JSON, [[messages, seconds]].
"""

from __future__ import annotations

import json
import os
import sys
import time
from datetime import timedelta
from typing import Any

import django

PREFIX = "BULK-"
AT_FIRST, AFTERWARDS = 50, 40
# Messages of one feed that makes listings at the local Amazon.
A_FEED = 5_000


def main(arguments: list[str]) -> None:
    """Set Django up, then fill or change."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shoplink.settings")
    django.setup()
    from channels_amazon.models import AmazonAccount

    what, account_id, count, *more = arguments
    account = AmazonAccount.objects.get(pk=account_id)
    if what == "fill":
        marketplace_id, feed_times = more
        skus = [f"{PREFIX}{number:05d}" for number in range(int(count))]
        for start in range(0, len(skus), A_FEED):
            _list(account, marketplace_id, skus[start : start + A_FEED])
        _add_rows(account, marketplace_id, skus)
        _add_feeds(account, marketplace_id, json.loads(feed_times))
    else:
        _change(account, int(count))


def _list(account: Any, marketplace_id: str, skus: list[str]) -> None:
    """List the SKUs at the local Amazon, with some units each."""
    from channels_amazon.services.amazon_client.factory import client_for
    from channels_amazon.spapi.apis import feeds
    from channels_amazon.spapi.listings_feed import update_message, write_listings_feed

    client = client_for(account)
    attributes = {
        "item_name": [{"value": "A plain thing", "marketplace_id": marketplace_id}],
        "fulfillment_availability": [
            {"fulfillment_channel_code": "DEFAULT", "quantity": AT_FIRST}
        ],
    }
    messages = (
        update_message(number, sku, attributes, "PRODUCT", "LISTING")
        for number, sku in enumerate(skus, 1)
    )
    (part,) = write_listings_feed(account.seller_id, messages)
    upload = feeds.create_feed_document(client)
    feeds.upload_feed_document(client, upload, part.content)
    wanted = feeds.FeedRequest(
        feeds.JSON_LISTINGS_FEED, [marketplace_id], upload.document_id
    )
    feed_id = feeds.create_feed(client, wanted)
    while not feeds.get_feed(client, feed_id).is_finished:
        time.sleep(1.0)


def _add_rows(account: Any, marketplace_id: str, skus: list[str]) -> None:
    """Keep the listings as if each had been read and pushed before."""
    from django.utils import timezone

    from channels_amazon.models import Listing, Offer, Product, Variant

    now = timezone.now()
    product = Product.objects.filter(store=account.store).first()
    variants = Variant.objects.bulk_create(
        [
            Variant(store=account.store, product=product, sku=sku, currency="USD")
            for sku in skus
        ],
        batch_size=1000,
    )
    listings = Listing.objects.bulk_create(
        [
            Listing(
                account=account,
                seller_sku=variant.sku,
                variant=variant,
                is_mfn=True,
                desired_quantity=AT_FIRST,
                desired_at=now,
                acknowledged_quantity=AT_FIRST,
                acknowledged_at=now,
                may_show_quantity=AT_FIRST,
                observed_quantity=AT_FIRST,
                observed_at=now,
                merchant_element={"fulfillment_channel_code": "DEFAULT"},
                seen_at=now,
            )
            for variant in variants
        ],
        batch_size=1000,
    )
    Offer.objects.bulk_create(
        [
            Offer(listing=one, marketplace_id=marketplace_id, seen_at=now)
            for one in listings
        ],
        batch_size=1000,
    )


def _add_feeds(
    account: Any, marketplace_id: str, feed_times: list[tuple[int, float]]
) -> None:
    """Keep feeds of yesterday, by which it is known how long they take."""
    from django.utils import timezone

    from channels_amazon.models import ListingFeed

    began = timezone.now() - timedelta(days=1)
    for messages, seconds in feed_times:
        ListingFeed.objects.create(
            account=account,
            marketplace_id=marketplace_id,
            state=ListingFeed.State.DONE,
            messages_sent=messages,
            submitted_at=began,
            ended_at=began + timedelta(seconds=seconds),
            accepted=messages,
        )


def _change(account: Any, zeros: int) -> None:
    """Want another quantity of each listing at once, none of the first `zeros`."""
    from django.db import transaction
    from django.utils import timezone

    from channels_amazon.models import Listing, SyncJob
    from channels_amazon.services.jobs import lifecycle

    rows = Listing.objects.filter(account=account, seller_sku__startswith=PREFIX)
    with transaction.atomic():
        rows.update(
            desired_quantity=AFTERWARDS, desired_at=timezone.now(), push_due=True
        )
        first = rows.order_by("-seller_sku").values("pk")[:zeros]
        rows.filter(pk__in=list(first.values_list("pk", flat=True))).update(
            desired_quantity=0
        )
        lifecycle.wake(account.pk, SyncJob.Kind.STOCK_PUSH)


if __name__ == "__main__":
    main(sys.argv[1:])
