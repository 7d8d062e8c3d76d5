"""Feeds that carry the quantities of many listings at once; models layer."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from channels_amazon.models.account import AmazonAccount
from channels_amazon.models.listing import Listing
from channels_amazon.models.scope import StoreScoped
from channels_amazon.models.sentence import SentenceField


class ListingFeed(StoreScoped):
    """One JSON_LISTINGS_FEED of an account, from its row to Amazon's report on it.

    The row comes first, so that a process that dies leaves behind what it was about.
    `submitted_at` is when createFeed was called, null while Amazon cannot have it.
    `ended_at` is when its last message was settled. `accepted`, `refused` and `unsure`
    count the messages of a feed that has ended.
    """

    STORE_PATH: ClassVar[str] = "account__store"

    class State(models.TextChoices):
        """How far it is."""

        PREPARED = "prepared"
        # createFeed was called, and its answer is not known.
        SUBMITTING = "submitting"
        SUBMITTED = "submitted"
        # Amazon's report lies there.
        REPORTED = "reported"
        DONE = "done"
        FAILED = "failed"

    # Something is still to be done for these.
    OPEN: ClassVar[tuple[str, ...]] = (
        State.PREPARED,
        State.SUBMITTING,
        State.SUBMITTED,
        State.REPORTED,
    )

    account = models.ForeignKey(
        AmazonAccount, models.CASCADE, related_name="listing_feeds", db_index=False
    )
    marketplace_id = models.CharField(max_length=20)
    state = models.CharField(
        max_length=12, choices=State.choices, default=State.PREPARED
    )
    messages_sent = models.PositiveIntegerField()
    document_id = models.CharField(max_length=200, blank=True)
    feed_id = models.CharField(max_length=80, blank=True)
    report_document_id = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    submitted_at = models.DateTimeField(null=True, blank=True)
    next_poll_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    accepted = models.PositiveIntegerField(default=0)
    refused = models.PositiveIntegerField(default=0)
    unsure = models.PositiveIntegerField(default=0)
    error_code = models.CharField(max_length=60, blank=True)
    error_message = SentenceField(blank=True)

    class Meta:
        ordering = ("-pk",)
        indexes = (
            models.Index(fields=["account", "-id"], name="listing_feed_newest"),
            # What is still under way, however many have ended.
            models.Index(
                fields=["account", "next_poll_at"],
                condition=models.Q(
                    state__in=["prepared", "submitting", "submitted", "reported"]
                ),
                name="listing_feed_open",
            ),
        )

    def __str__(self) -> str:
        return f"listing feed {self.pk} of {self.account_id}"


class ListingFeedMessage(StoreScoped):
    """What a feed says of one listing: its quantity, as it was wanted at `desired_at`.

    `patched_wish` is the `desired_at` of a newer wish that was patched while the feed
    was under way: the feed may have overwritten it. Rows are deleted when the feed has
    ended.
    """

    STORE_PATH: ClassVar[str] = "feed__account__store"

    feed = models.ForeignKey(
        ListingFeed, models.CASCADE, related_name="messages", db_index=False
    )
    message_id = models.PositiveIntegerField()
    # Null where the listing was deleted meanwhile: the report still counts the message.
    listing = models.ForeignKey(
        Listing,
        models.SET_NULL,
        null=True,
        related_name="feed_messages",
    )
    seller_sku = models.CharField(max_length=80)
    quantity = models.PositiveIntegerField()
    desired_at = models.DateTimeField()
    patched_wish = models.DateTimeField(null=True, blank=True)
    is_open = models.BooleanField(default=True)

    class Meta:
        ordering = ("feed", "message_id")
        constraints = (
            models.UniqueConstraint(
                fields=["feed", "message_id"], name="feed_message_id"
            ),
            # No two feeds under way carry the same listing: which would win?
            models.UniqueConstraint(
                fields=["listing"],
                condition=models.Q(is_open=True),
                name="feed_message_one_open",
            ),
        )

    def __str__(self) -> str:
        return f"message {self.message_id} of {self.feed_id}"
