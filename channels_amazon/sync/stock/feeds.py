"""Sends quantities by feeds, and takes each feed to its end; sync layer.

Nothing is waited for. createFeed is not idempotent: where its answer was lost, Amazon's
list of feeds is read before anything else is done with the feed.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import islice

from django.db.models import QuerySet

from channels_amazon.models import Listing, ListingFeed, Offer
from channels_amazon.rules.stock.feed_times import SAMPLE, feed_time, next_poll_at
from channels_amazon.services.jobs.backoff import item_backoff
from channels_amazon.services.stock import listing_feeds, push_state
from channels_amazon.services.stock.listing_feeds import FeedCounts, FeedFailure, State
from channels_amazon.services.stock.push_state import PushRefusal
from channels_amazon.spapi.apis import feeds
from channels_amazon.spapi.apis.feeds import JSON_LISTINGS_FEED, Feed
from channels_amazon.spapi.apis.listings import ANY_PRODUCT_TYPE
from channels_amazon.spapi.errors import (
    AccessDenied,
    InvalidRequest,
    NotFound,
    ServiceUnavailable,
    SpApiError,
    Throttled,
    UnexpectedResponse,
)
from channels_amazon.spapi.listings_feed import (
    FeedMessage,
    patch_message,
    write_listings_feed,
)
from channels_amazon.spapi.listings_feed_report import (
    ListingsFeedReport,
    MessageOutcome,
    MessageResult,
    read_listings_feed_report,
)
from channels_amazon.sync.runtime.context import RunContext
from channels_amazon.sync.stock.patching import REFUSED_AHEAD, stored_patch
from channels_amazon.wording import sentence

logger = logging.getLogger(__name__)

# A feed that was just submitted may not be on Amazon's list yet.
LIST_AFTER = timedelta(seconds=20)
# Amazon's clock and ours may differ by so much.
_SLACK = timedelta(minutes=2)
# What fails while Amazon is asked for a feed is tried again so much later.
RETRY_AFTER = timedelta(seconds=30)
# A feed of which nothing was heard for so long is given up: Amazon ends them in hours.
GIVE_UP_AFTER = timedelta(days=1)
# A feed that was made is on Amazon's list by then.
LISTED_WITHIN = timedelta(minutes=3)
# Seconds for an upload or a download; the longest run is longer.
TIMEOUT = 40.0
# So many messages are settled in one transaction.
SETTLED_AT_ONCE = 500


def submit(
    ctx: RunContext,
    due: QuerySet[Listing],
    listing_ids: Collection[int],
    sites: Sequence[str],
) -> None:
    """Send what is due of these listings in one feed, for the site of most of them.

    Those of other sites stay due. A feed that cannot be sent is noted, and patches
    bring its listings.
    """
    site, listings = _of_one_site(ctx, due, listing_ids, sites)
    if not listings:
        return
    messages = (_message(at, one) for at, one in enumerate(listings, start=1))
    part = next(write_listings_feed(ctx.account.seller_id, messages))
    feed = listing_feeds.prepare_feed(ctx.account, site, listings[: len(part.messages)])
    try:
        upload = feeds.create_feed_document(ctx.client)
        feeds.upload_feed_document(ctx.client, upload, part.content, timeout=TIMEOUT)
    except SpApiError as error:
        _fail(ctx, feed, error, was_sent=False)
        return
    ctx.keep_lease()
    look_at = ctx.now() + LIST_AFTER
    if listing_feeds.begin_submission(feed, upload.document_id, ctx.now(), look_at):
        _create(ctx, feed, upload.document_id)


def advance(ctx: RunContext) -> None:
    """Take each feed under way as far as it goes now.

    The run has the job's lease: what was prepared and not submitted is of a process
    that died.
    """
    found = listing_feeds.open_feeds(ctx.account)
    if any(feed.state == State.PREPARED for feed in found):
        listing_feeds.drop_unsent(ctx.account)
        found = listing_feeds.open_feeds(ctx.account)
    for feed in found:
        if feed.next_poll_at is None or feed.next_poll_at <= ctx.now():
            _advance(ctx, feed)


def next_due(ctx: RunContext) -> datetime | None:
    """Return when the next feed under way is to be gone on with, None without one."""
    times = [
        feed.next_poll_at or ctx.now() for feed in listing_feeds.open_feeds(ctx.account)
    ]
    return min(times, default=None)


def _of_one_site(
    ctx: RunContext,
    due: QuerySet[Listing],
    listing_ids: Collection[int],
    sites: Sequence[str],
) -> tuple[str, list[Listing]]:
    """Return the site of most of the listings, and those that are due there."""
    wanted = set(listing_ids)
    offers = Offer.objects.filter(
        listing__account=ctx.account, marketplace_id__in=sites
    )
    places: dict[int, set[str]] = defaultdict(set)
    for listing_id, site in offers.values_list("listing_id", "marketplace_id"):
        places[listing_id].add(site)
    by_site: dict[str, list[Listing]] = defaultdict(list)
    free = due.filter(desired_at__isnull=False).exclude(feed_messages__is_open=True)
    for listing in free:
        if listing.pk in wanted:
            offered = (site for site in sites if site in places[listing.pk])
            by_site[next(offered, sites[0])].append(listing)
    if not by_site:
        return sites[0], []
    return max(by_site.items(), key=lambda found: len(found[1]))


def _message(number: int, listing: Listing) -> FeedMessage:
    patches = [stored_patch(listing)]
    return patch_message(number, listing.seller_sku, patches, ANY_PRODUCT_TYPE)


def _create(ctx: RunContext, feed: ListingFeed, document_id: str) -> None:
    """Call createFeed; where its answer is lost, the feed is looked for later."""
    wanted = feeds.FeedRequest(JSON_LISTINGS_FEED, [feed.marketplace_id], document_id)
    try:
        feed_id = feeds.create_feed(ctx.client, wanted)
    except (Throttled, InvalidRequest, AccessDenied, NotFound) as error:
        _fail(ctx, feed, error, was_sent=False)
    except (ServiceUnavailable, UnexpectedResponse) as error:
        if isinstance(error, ServiceUnavailable) and error.is_undelivered:
            _fail(ctx, feed, error, was_sent=False)
        else:
            logger.info("feed unanswered account=%s feed=%s", ctx.account.pk, feed.pk)
    else:
        _note_submitted(ctx, feed, feed_id)


def _advance(ctx: RunContext, feed: ListingFeed) -> None:
    """Do the feed's next step; what Amazon does not answer now is asked for later."""
    steps = {State.SUBMITTING: _find, State.SUBMITTED: _poll, State.REPORTED: _read}
    listing_feeds.poll_later(feed, ctx.now() + RETRY_AFTER)
    try:
        steps[State(feed.state)](ctx, feed)
    except (Throttled, ServiceUnavailable, AccessDenied) as error:
        _wait(ctx, feed, error)
    except (NotFound, InvalidRequest, UnexpectedResponse) as error:
        if feed.state == State.REPORTED:
            _fail(ctx, feed, error, was_sent=True)
        else:
            # Amazon may work on it all the same, and would overwrite what patches send.
            _wait(ctx, feed, error)


def _wait(ctx: RunContext, feed: ListingFeed, error: SpApiError) -> None:
    """Ask for the feed again later, unless it was asked for long enough."""
    logger.info("feed waits account=%s code=%s", ctx.account.pk, error.code)
    if ctx.now() - (feed.submitted_at or feed.created_at) > GIVE_UP_AFTER:
        _fail(ctx, feed, error, was_sent=True)


def _find(ctx: RunContext, feed: ListingFeed) -> None:
    """Find the feed of which a lost answer would have told, and go on with it."""
    since = (feed.submitted_at or feed.created_at) - _SLACK
    query = feeds.FeedsQuery([JSON_LISTINGS_FEED], created_since=since)
    page = feeds.get_feeds(ctx.client, query)
    ids = [found.feed_id for found in page.feeds]
    rows = ListingFeed.objects.filter(account=ctx.account, feed_id__in=ids)
    taken = set(rows.values_list("feed_id", flat=True))
    # The oldest that is not known: nobody else submits this type, as a rule.
    unknown = [found for found in page.feeds if found.feed_id not in taken]
    if not unknown:
        # The list may lag behind: one look proves nothing.
        if ctx.now() - (feed.submitted_at or feed.created_at) < LISTED_WITHIN:
            return
        message = sentence("Amazon never got it.")
        failure = FeedFailure("feeds.never_made", message)
        listing_feeds.fail_feed(feed, failure, ctx.now(), was_sent=False)
        return
    _note_submitted(ctx, feed, min(unknown, key=lambda one: one.created_at).feed_id)


def _note_submitted(ctx: RunContext, feed: ListingFeed, feed_id: str) -> None:
    listing_feeds.note_submitted(feed, feed_id, _next_poll_at(ctx, feed))


def _next_poll_at(ctx: RunContext, feed: ListingFeed) -> datetime:
    taken = listing_feeds.times_taken(ctx.account, SAMPLE)
    expected = feed_time(taken).of(feed.messages_sent) if taken else None
    return next_poll_at(feed.submitted_at or ctx.now(), ctx.now(), expected)


def _poll(ctx: RunContext, feed: ListingFeed) -> None:
    """Ask Amazon for the feed's state; read its report as soon as it is there."""
    found = feeds.get_feed(ctx.client, feed.feed_id)
    if found.status == feeds.DONE and found.result_document_id:
        listing_feeds.note_reported(feed, found.result_document_id, ctx.now())
        feed.report_document_id = found.result_document_id
        _read(ctx, feed)
    elif found.is_finished:
        listing_feeds.fail_feed(feed, _failure(found), ctx.now(), was_sent=True)
    elif ctx.now() - (feed.submitted_at or feed.created_at) > GIVE_UP_AFTER:
        listing_feeds.fail_feed(feed, _failure(found), ctx.now(), was_sent=True)
    else:
        listing_feeds.poll_later(feed, _next_poll_at(ctx, feed))


def _failure(found: Feed) -> FeedFailure:
    message = sentence("Amazon answered %(status)s.", status=found.status)
    return FeedFailure("feeds.not_done", message)


def _read(ctx: RunContext, feed: ListingFeed) -> None:
    """Read Amazon's report on the feed, and settle each of its messages."""
    document = feeds.get_feed_document(ctx.client, feed.report_document_id)
    sent = listing_feeds.sent_skus(feed)
    opened = feeds.open_feed_document(ctx.client, document, timeout=TIMEOUT)
    with opened as content:
        report = read_listings_feed_report(
            content.file, feed_id=feed.feed_id, sent=sent
        )
    if report.is_refused_whole:
        reasons = [issue.message for issue in report.file_issues if issue.is_error]
        failure = FeedFailure("feeds.refused", "; ".join(reasons))
        listing_feeds.fail_feed(feed, failure, ctx.now(), was_sent=True)
        return
    _settle(ctx, feed, report)


def _settle(ctx: RunContext, feed: ListingFeed, report: ListingsFeedReport) -> None:
    """Write what became of each message; what nobody knows of is sent again."""
    by_outcome: dict[MessageOutcome, list[MessageResult]] = defaultdict(list)
    for result in report.results:
        by_outcome[result.outcome].append(result)
    accepted = by_outcome.pop(MessageOutcome.ACCEPTED, [])
    refused = by_outcome.pop(MessageOutcome.INVALID, [])
    unsure = [result for results in by_outcome.values() for result in results]
    for results in _parts(accepted):
        ids = [result.message_id for result in results]
        listing_feeds.accept_messages(feed, ids, ctx.now())
        ctx.progress(rows=len(ids), changed=len(ids))
    for results in _parts(refused):
        _refuse(ctx, feed, results)
    for results in _parts(unsure):
        listing_feeds.close_messages(feed, [result.message_id for result in results])
    counts = FeedCounts(len(accepted), len(refused), len(unsure))
    listing_feeds.finish_feed(feed, counts, ctx.now())
    logger.info("feed ended account=%s feed=%s %s", ctx.account.pk, feed.pk, counts)


def _refuse(ctx: RunContext, feed: ListingFeed, results: list[MessageResult]) -> None:
    """Quarantine the listings of refused messages, each for the reason it was given."""
    ids = [result.message_id for result in results]
    carried = listing_feeds.listings_of(feed, ids)
    for result in results:
        listing, wish = carried.get(result.message_id, (None, None))
        # Of another wish by now it says nothing.
        if listing is not None and listing.push_due and listing.desired_at == wish:
            until = ctx.now() + item_backoff(listing.push_attempts + REFUSED_AHEAD)
            push_state.quarantine_push(
                listing, _reason(result), until=until, run=ctx.run
            )
    listing_feeds.close_messages(feed, ids)
    ctx.progress(rows=len(ids), quarantined=len(ids))


def _reason(result: MessageResult) -> PushRefusal:
    issue = next(issue for issue in result.issues if issue.is_error)
    return PushRefusal(issue.code or "feeds.refused", issue.message)


def _parts(results: list[MessageResult]) -> Iterator[list[MessageResult]]:
    """Yield the results in parts that are settled together."""
    rest = iter(results)
    while part := list(islice(rest, SETTLED_AT_ONCE)):
        yield part


def _fail(
    ctx: RunContext, feed: ListingFeed, error: SpApiError, *, was_sent: bool
) -> None:
    logger.info("feed failed account=%s code=%s", ctx.account.pk, error.code)
    failure = FeedFailure(error.code, error.message)
    listing_feeds.fail_feed(feed, failure, ctx.now(), was_sent=was_sent)
