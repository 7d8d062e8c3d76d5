"""Sets a store's webhook address, sends to it, keeps how that goes; services layer."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from cryptography.fernet import InvalidToken
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from channels_amazon.models import AmazonAccount, Store, StoreEndpoint, SyncJob
from channels_amazon.services.diagnostics.entries import Entry, Level, clean, record
from channels_amazon.services.installation import guard
from channels_amazon.services.jobs import lifecycle, queue
from channels_amazon.services.jobs.key_holders import (
    SecretUnreadable,
    secret_unreadable,
)
from channels_amazon.services.webhooks import messages
from channels_amazon.storefronts import webhook
from channels_amazon.storefronts.webhook import SignedMessage
from channels_amazon.storefronts.webhook_address import Networks, check_address
from channels_amazon.storefronts.webhook_failures import WebhookError
from channels_amazon.wording import Sentence, sentence

# A success is written down at most so often: at ten orders a second, a row written for
# each message would be one update too many.
_NOTE_EVERY = timedelta(minutes=1)
TEST_TASK = "channels_amazon.tasks.send_test_message"


def set_endpoint(
    store: Store, *, url: str, is_active: bool, actor: str
) -> tuple[StoreEndpoint, str]:
    """Set the store's address; return it with the secret if one was made for it.

    The secret is shown this once. Raises WebhookError for an address that may not be
    called.
    """
    check_address(url, allow=allowed_networks())
    with transaction.atomic():
        # Its secret may be the one thing that cannot be read.
        rows = StoreEndpoint.objects.select_for_update().defer("secret")
        row = rows.filter(store=store).first()
        made = ""
        if row is None:
            made = webhook.new_secret()
            row = StoreEndpoint(store=store, secret=made)
        row.url, row.is_active = url, is_active
        row.failing_since, row.error_code, row.error_message = None, "", ""
        # It told of the address before.
        row.test_state, row.test_requested_at, row.test_message = "", None, ""
        row.save()
        state = sentence("switched on") if is_active else sentence("switched off")
        _record_change(
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
        _resume(store.pk)
    return row, made


def rotate_secret(endpoint: StoreEndpoint, *, actor: str) -> str:
    """Replace the secret and return the new one, which is shown this once.

    Messages are signed with it from now on, also those that wait.
    """
    made = webhook.new_secret()
    with transaction.atomic():
        StoreEndpoint.objects.filter(pk=endpoint.pk).update(secret=made)
        _record_change(
            endpoint.store,
            "store.secret_rotated",
            sentence("The secret that signs messages to the store was replaced."),
            actor,
        )
    return made


def deliver(endpoint: StoreEndpoint, message_id: str, content: Any) -> None:
    """Sign and send one message, and keep at the endpoint how it went.

    It has arrived when this returns. Raises WebhookError, and InstallationPaused where
    nothing may be sent.
    """
    guard.require_running()
    try:
        secret = endpoint.secret
    except InvalidToken as error:
        raise secret_unreadable(
            sentence("The secret that signs messages to the store cannot be decrypted.")
        ) from error
    message = SignedMessage(
        id=message_id,
        timestamp=int(timezone.now().timestamp()),
        body=json.dumps(content, ensure_ascii=False).encode(),
        secret=secret,
    )
    try:
        webhook.send(
            endpoint.url,
            message,
            allow=allowed_networks(),
            ca_file=settings.WEBHOOK_CA_FILE,
        )
    except WebhookError as error:
        _note_failure(endpoint, error)
        raise
    _note_success(endpoint)


def request_test(endpoint: StoreEndpoint, *, actor: str) -> bool:
    """Let a worker send a message that tells of nothing, so that a person sees it come.

    Returns whether it was asked for: while one is under way there is no second.
    """
    now = timezone.now()
    under_way = StoreEndpoint.objects.filter(
        pk=endpoint.pk,
        test_state__in=StoreEndpoint.TESTS_UNDER_WAY,
        test_requested_at__gt=now - StoreEndpoint.TEST_PATIENCE,
    )
    asked = StoreEndpoint.objects.filter(pk=endpoint.pk).exclude(
        pk__in=under_way.values("pk")
    )
    with transaction.atomic():
        if not asked.update(
            test_state=StoreEndpoint.Test.WAITING,
            test_requested_at=now,
            test_message="",
        ):
            return False
        _record_change(
            endpoint.store,
            "store.test_requested",
            sentence("A test message to the store was asked for."),
            actor,
        )
        queue.enqueue(TEST_TASK, endpoint.pk)
    return True


def send_requested_test(endpoint_id: int) -> None:
    """Send the test message that was asked for, and keep what became of it.

    Called twice, or after another one was asked for meanwhile, it sends nothing twice.
    """
    waiting = StoreEndpoint.objects.filter(
        pk=endpoint_id, test_state=StoreEndpoint.Test.WAITING
    )
    if not waiting.update(test_state=StoreEndpoint.Test.SENDING):
        return
    endpoint = (
        StoreEndpoint.objects.select_related("store")
        .defer("secret")
        .get(pk=endpoint_id)
    )
    state, message = StoreEndpoint.Test.ARRIVED, ""
    try:
        send_test(endpoint)
    except (WebhookError, guard.InstallationPaused, SecretUnreadable) as error:
        state, message = StoreEndpoint.Test.FAILED, clean(error.message, 500)
    # A newer one keeps its own state.
    StoreEndpoint.objects.filter(
        pk=endpoint_id, test_requested_at=endpoint.test_requested_at
    ).update(test_state=state, test_message=message)


def send_test(endpoint: StoreEndpoint) -> None:
    """Send a message that tells of nothing, now.

    When it arrives, all that waits is sent, too. Raises WebhookError.
    """
    now = timezone.now()
    stamp = int(now.timestamp() * 1_000_000)
    content = {
        "type": "test",
        "version": messages.VERSION,
        "timestamp": now.isoformat().replace("+00:00", "Z"),
        "data": {"store": endpoint.store.name},
    }
    deliver(endpoint, f"test-{endpoint.pk}-{stamp}", content)
    _resume(endpoint.store_id)


def allowed_networks() -> Networks:
    """Return where messages to stores may go, by the settings."""
    return Networks(
        private=settings.WEBHOOK_ALLOW_PRIVATE,
        loopback=settings.WEBHOOK_ALLOW_LOOPBACK,
    )


def _resume(store_id: int) -> None:
    """Send what waits, although the address had failed."""
    messages.release_postponed(store_id)
    for account in AmazonAccount.objects.filter(store=store_id):
        lifecycle.unblock(account, [SyncJob.Kind.WEBHOOK_DELIVERY])


def _note_failure(endpoint: StoreEndpoint, error: WebhookError) -> None:
    if not error.is_of_message:
        endpoint.failing_since = endpoint.failing_since or timezone.now()
    endpoint.error_code = error.code
    endpoint.error_message = clean(error.message, 500)
    StoreEndpoint.objects.filter(pk=endpoint.pk).update(
        failing_since=endpoint.failing_since,
        error_code=endpoint.error_code,
        error_message=endpoint.error_message,
    )


def _note_success(endpoint: StoreEndpoint) -> None:
    now = timezone.now()
    last = endpoint.last_ok_at
    is_new = last is None or now - last >= _NOTE_EVERY or bool(endpoint.error_code)
    if endpoint.failing_since is not None:
        # It is back: what was put off for its sake need not wait any longer.
        messages.release_postponed(endpoint.store_id)
    elif not is_new:
        return
    endpoint.last_ok_at, endpoint.failing_since = now, None
    endpoint.error_code = endpoint.error_message = ""
    StoreEndpoint.objects.filter(pk=endpoint.pk).update(
        last_ok_at=now, failing_since=None, error_code="", error_message=""
    )


def _record_change(store: Store, code: str, message: Sentence, actor: str) -> None:
    entry = Entry(
        code=code, level=Level.INFO, store=store, message=message, actor=actor
    )
    record(entry)
