"""Sets where a store is told of its orders, and keeps how that goes; services layer."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from channels_amazon.models import AmazonAccount, Store, StoreEndpoint, SyncJob
from channels_amazon.services.diagnostics.entries import Entry, Level, clean, record
from channels_amazon.services.jobs import lifecycle
from channels_amazon.services.webhooks import messages
from channels_amazon.storefronts import webhook
from channels_amazon.storefronts.webhook import Answer, SignedMessage, WebhookError
from channels_amazon.wording import Sentence, sentence

GONE = 410
# What a server says of a message, not of itself or of who sends it.
_OF_MESSAGE = frozenset({400, 409, 413, 415, 422})
MESSAGE_REFUSED = "store.message_refused"
# A success is written down at most so often: one a message would be a row too many.
_NOTE_EVERY = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a message fared: `code` "" and the store has it, else why it has not."""

    code: str = ""
    message: str = ""
    retry_after: int | None = None

    @property
    def is_of_message(self) -> bool:
        """Tell whether the server is well and refuses this one message."""
        return self.code == MESSAGE_REFUSED


def set_endpoint(
    store: Store, *, url: str, is_active: bool, actor: str
) -> tuple[StoreEndpoint, str]:
    """Set the store's address; return it with the secret if one was made for it.

    The secret is shown this once. Raises AddressRefused.
    """
    webhook.check_address(url, allow_private=settings.WEBHOOK_ALLOW_PRIVATE)
    with transaction.atomic():
        row = StoreEndpoint.objects.select_for_update().filter(store=store).first()
        made = ""
        if row is None:
            made = webhook.new_secret()
            row = StoreEndpoint(store=store, secret=made)
        row.url, row.is_active = url, is_active
        row.failing_since, row.error_code, row.error_message = None, "", ""
        row.save()
        state = sentence("switched on") if is_active else sentence("switched off")
        _tell(
            store,
            "store.endpoint_set",
            sentence(
                "The store's address for messages is at %(host)s, %(state)s.",
                # The rest of an address may be a secret of the shop's.
                host=urlsplit(url).hostname or "",
                state=state,
            ),
            actor,
        )
        _wake(store.pk)
    return row, made


def rotate_secret(endpoint: StoreEndpoint, *, actor: str) -> str:
    """Replace the secret and return the new one, which is shown this once.

    Messages are signed with it from now on, also those that wait.
    """
    made = webhook.new_secret()
    with transaction.atomic():
        StoreEndpoint.objects.filter(pk=endpoint.pk).update(secret=made)
        _tell(
            endpoint.store,
            "store.secret_rotated",
            sentence("The secret that signs messages to the store was replaced."),
            actor,
        )
    return made


def deliver(endpoint: StoreEndpoint, message_id: str, content: Any) -> Outcome:
    """Sign and send one message, and keep at the endpoint how it went."""
    message = SignedMessage(
        id=message_id,
        timestamp=int(timezone.now().timestamp()),
        body=json.dumps(content, ensure_ascii=False).encode(),
        secret=endpoint.secret,
    )
    try:
        answer = webhook.send(
            endpoint.url, message, allow_private=settings.WEBHOOK_ALLOW_PRIVATE
        )
    except WebhookError as error:
        outcome = Outcome(error.code, error.message)
    else:
        outcome = _outcome(answer)
    _note(endpoint, outcome)
    return outcome


def send_test(endpoint: StoreEndpoint) -> Outcome:
    """Send a message that tells of nothing, so that a person sees whether it comes."""
    now = timezone.now()
    stamp = int(now.timestamp() * 1_000_000)
    content = {
        "type": "test",
        "version": 1,
        "timestamp": now.isoformat().replace("+00:00", "Z"),
        "data": {"store": endpoint.store.name},
    }
    outcome = deliver(endpoint, f"test-{endpoint.pk}-{stamp}", content)
    if not outcome.code:
        _wake(endpoint.store_id)
    return outcome


def _wake(store_id: int) -> None:
    """Send what waits, although the address had failed."""
    messages.release(store_id)
    for account in AmazonAccount.objects.filter(store=store_id):
        lifecycle.unblock(account, [SyncJob.Kind.WEBHOOK_DELIVERY])


def _outcome(answer: Answer) -> Outcome:
    if answer.is_taken:
        return Outcome()
    if answer.status == GONE:
        return Outcome("store.endpoint_gone", _answered(answer))
    if answer.status in _OF_MESSAGE:
        return Outcome(MESSAGE_REFUSED, _answered(answer))
    if 300 <= answer.status < 400:
        text = sentence(
            "The store's server answered %(status)s, a redirect: redirects are not "
            "followed.",
            status=answer.status,
        )
        return Outcome("store.endpoint_redirects", text)
    return Outcome("store.endpoint_failing", _answered(answer), answer.retry_after)


def _answered(answer: Answer) -> Sentence:
    return sentence("The store's server answered %(status)s.", status=answer.status)


def _note(endpoint: StoreEndpoint, outcome: Outcome) -> None:
    now = timezone.now()
    rows = StoreEndpoint.objects.filter(pk=endpoint.pk)
    if outcome.code:
        if not outcome.is_of_message:
            endpoint.failing_since = endpoint.failing_since or now
        endpoint.error_code = outcome.code
        endpoint.error_message = clean(outcome.message, 500)
        rows.update(
            failing_since=endpoint.failing_since,
            error_code=endpoint.error_code,
            error_message=endpoint.error_message,
        )
        return
    last = endpoint.last_ok_at
    is_new = last is None or now - last >= _NOTE_EVERY or bool(endpoint.error_code)
    if endpoint.failing_since is not None:
        # It is back: what was put off for its sake need not wait any longer.
        messages.release(endpoint.store_id)
    elif not is_new:
        return
    endpoint.last_ok_at, endpoint.failing_since = now, None
    endpoint.error_code = endpoint.error_message = ""
    rows.update(last_ok_at=now, failing_since=None, error_code="", error_message="")


def _tell(store: Store, code: str, message: Sentence, actor: str) -> None:
    entry = Entry(
        code=code, level=Level.INFO, store=store, message=message, actor=actor
    )
    record(entry)
