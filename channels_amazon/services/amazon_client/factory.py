"""Puts the client of Amazon's API together: the one place; services layer."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache

from cryptography.fernet import InvalidToken
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from channels_amazon.models import (
    AmazonAccount,
    Credential,
    DeveloperApplication,
    SyncRun,
)
from channels_amazon.services.amazon_client.applications import client_secret
from channels_amazon.services.amazon_client.authorization import note_accepted
from channels_amazon.services.amazon_client.quota_buckets import DatabaseBuckets
from channels_amazon.services.amazon_client.stores import (
    CallCounter,
    DatabaseRecorder,
    DatabaseTokens,
)
from channels_amazon.services.installation import guard
from channels_amazon.services.jobs.key_holders import secret_unreadable
from channels_amazon.spapi.auth import LwaClient
from channels_amazon.spapi.client import LONGEST_WAIT, SpApiClient
from channels_amazon.spapi.errors import AuthorizationLost, Evidence
from channels_amazon.spapi.operations import LWA_TOKEN
from channels_amazon.spapi.recorder import Recorder
from channels_amazon.spapi.throttle import InMemoryBuckets
from channels_amazon.spapi.tokens import AccessTokens, InMemoryTokens
from channels_amazon.spapi.transport import Transport
from channels_amazon.wording import sentence

# Seconds that one call may take with all its attempts: while Amazon is silent a job
# gives its worker back soon, since there are few of them.
CALL_SECONDS = 8.0


def client_for(
    account: AmazonAccount,
    *,
    run: SyncRun | None = None,
    counter: CallCounter | None = None,
    max_wait: float = LONGEST_WAIT,
    repeats: bool = True,
) -> SpApiClient:
    """Return the client for this account; its calls are recorded under `run`.

    It serves one run or one request: its access token is read once and kept.
    A call takes no longer than CALL_SECONDS with all its attempts, of which there is
    one without `repeats`. Raises NeedsMerchant when the application has no usable
    secret.
    """
    recorder = DatabaseRecorder(
        account.pk, run.pk if run else None, counter or CallCounter()
    )
    refresh_token = _StoredRefreshToken(account.pk)
    return SpApiClient(
        endpoint=endpoint(account.region),
        subject=account.quota_subject,
        tokens=AccessTokens(
            lwa_client(account.application, recorder=recorder),
            DatabaseTokens(),
            refresh_token_of=refresh_token.read,
            on_refresh_token=refresh_token.replace,
            on_accepted=lambda subject: note_accepted(account.pk),
        ),
        buckets=DatabaseBuckets(),
        recorder=recorder,
        transport=transport(),
        application=application_subject(account.application),
        max_wait=max_wait,
        repeats=repeats,
        budget=CALL_SECONDS,
    )


def application_client(
    application: DeveloperApplication, region: str, *, run: SyncRun | None = None
) -> SpApiClient:
    """Return a client for grantless operations, as the application itself."""
    recorder = DatabaseRecorder(None, run.pk if run else None)
    subject = application_subject(application)
    return SpApiClient(
        endpoint=endpoint(region),
        subject=subject,
        tokens=AccessTokens(
            lwa_client(application, recorder=recorder),
            DatabaseTokens(),
            refresh_token_of=_no_account,
        ),
        buckets=DatabaseBuckets(),
        recorder=recorder,
        transport=transport(),
        application=subject,
    )


def client_before_connecting(
    application: DeveloperApplication, region: str, refresh_token: str
) -> SpApiClient:
    """Return a client for a seller who has no account here yet; it stores no token."""
    recorder = DatabaseRecorder()
    return SpApiClient(
        endpoint=endpoint(region),
        subject="seller",
        tokens=AccessTokens(
            lwa_client(application, recorder=recorder),
            InMemoryTokens(),
            refresh_token_of=lambda subject: refresh_token,
        ),
        buckets=InMemoryBuckets(),
        recorder=recorder,
        transport=transport(),
        # Seconds for each of the calls: there are several, and a person waits. The
        # quota is of nobody else's yet.
        budget=4.0,
        spares_tokens=False,
    )


def lwa_client(
    application: DeveloperApplication, *, recorder: Recorder | None = None
) -> LwaClient:
    """Return the token endpoint as seen by `application`.

    Raises NeedsMerchant when the application has no usable secret.
    """
    return LwaClient(
        token_url=settings.LWA_TOKEN_URL,
        client_id=application.lwa_client_id,
        client_secret=client_secret(application),
        transport=transport(),
        recorder=recorder or DatabaseRecorder(),
    )


def endpoint(region: str) -> str:
    """Return the base address of Amazon's API in `region` (na, eu or fe)."""
    return str(getattr(settings, f"SPAPI_ENDPOINT_{region.upper()}"))


def application_subject(application: DeveloperApplication) -> str:
    """Return the key of the application's own tokens and quota buckets."""
    return f"application:{application.pk}"


def transport() -> Transport:
    """Return this process's one transport, which keeps its connections open.

    Every client needs it: raises InstallationPaused where none may be made.
    """
    guard.require_running()
    return _transport()


@cache
def _transport() -> Transport:
    return Transport()


@dataclass(slots=True)
class _StoredRefreshToken:
    """The account's refresh token; remembers what it read, to replace only that."""

    account_id: int
    _seen: str = field(default="", repr=False)

    def read(self, subject: str) -> str:
        """Return the token.

        Raises AuthorizationLost if there is none, SecretUnreadable if no key opens it.
        """
        try:
            row = Credential.objects.filter(account_id=self.account_id).first()
        except InvalidToken as error:
            raise secret_unreadable(
                sentence("The stored authorisation cannot be decrypted.")
            ) from error
        if row is None or not row.refresh_token:
            raise AuthorizationLost(
                sentence("No authorisation is stored for this account."),
                Evidence(LWA_TOKEN.name),
            )
        self._seen = str(row.refresh_token)
        return self._seen

    def replace(self, subject: str, token: str) -> None:
        """Store a changed token, unless the merchant has authorised anew meanwhile."""
        with transaction.atomic():
            rows = Credential.objects.select_for_update()
            row = rows.filter(account_id=self.account_id).first()
            if row is not None and row.refresh_token == self._seen:
                rows.filter(pk=row.pk).update(
                    refresh_token=token, updated_at=timezone.now()
                )


def _no_account(subject: str) -> str:
    raise AuthorizationLost(
        sentence("This client has no account: it calls grantless operations only."),
        Evidence(LWA_TOKEN.name),
    )
