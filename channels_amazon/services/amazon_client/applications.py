"""Keeps the developer application and its client secrets; services layer."""

from __future__ import annotations

from datetime import timedelta

from cryptography.fernet import InvalidToken
from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from channels_amazon.errors import NeedsMerchant
from channels_amazon.models import ClientSecret, DeveloperApplication
from channels_amazon.services.jobs.key_holders import secret_unreadable
from channels_amazon.wording import sentence

# After a rotation Amazon accepts the old secret for seven days more.
OVERLAP = timedelta(days=7)


def current_application() -> DeveloperApplication:
    """Return the application that the settings name, brought up to date with them.

    Raises NeedsMerchant (`store.application_missing`) when they name none.
    """
    if not settings.SPAPI_APP_ID:
        raise NeedsMerchant(
            "store.application_missing",
            sentence("No application registered with Amazon is configured."),
            fix=sentence(
                "Set SPAPI_APP_ID, LWA_CLIENT_ID, LWA_CLIENT_SECRET and "
                "OAUTH_REDIRECT_URI, then restart Shoplink."
            ),
        )
    wanted = {
        "lwa_client_id": settings.LWA_CLIENT_ID,
        "redirect_uri": settings.OAUTH_REDIRECT_URI,
        "is_draft": settings.SPAPI_APP_DRAFT,
    }
    application, _ = DeveloperApplication.objects.get_or_create(
        app_id=settings.SPAPI_APP_ID, defaults=wanted | {"name": "Shoplink"}
    )
    if any(getattr(application, name) != value for name, value in wanted.items()):
        for name, value in wanted.items():
            setattr(application, name, value)
        application.save(update_fields=list(wanted))
    if settings.LWA_CLIENT_SECRET:
        _keep(application, settings.LWA_CLIENT_SECRET)
    return application


def client_secret(application: DeveloperApplication) -> str:
    """Return the secret to use: the settings' own, else the newest that is stored.

    The settings win, so that a secret that was rotated by hand works at once. Raises
    NeedsMerchant when there is none, SecretUnreadable when no key opens it.
    """
    configured = str(settings.LWA_CLIENT_SECRET)
    if configured and application.app_id == settings.SPAPI_APP_ID:
        return configured
    valid = Q(expires_at__isnull=True) | Q(expires_at__gt=timezone.now())
    try:
        row = application.client_secrets.filter(valid).first()
    except InvalidToken as error:
        raise secret_unreadable(
            sentence("The stored client secret cannot be decrypted.")
        ) from error
    if row is None:
        raise NeedsMerchant(
            "client.secret_invalid",
            sentence("The application has no client secret."),
            fix=sentence("Set LWA_CLIENT_SECRET to the application's client secret."),
        )
    return str(row.secret)


def _keep(application: DeveloperApplication, secret: str) -> None:
    """Store the secret if it is new; the one before it runs out a week later."""
    now = timezone.now()
    try:
        known = {row.secret for row in application.client_secrets.all()}
    except InvalidToken:
        # The key of the old secrets is lost, so they cannot be compared: store it.
        known = set()
    if secret in known:
        return
    with transaction.atomic():
        application.client_secrets.filter(expires_at__isnull=True).update(
            expires_at=now + OVERLAP
        )
        ClientSecret.objects.create(application=application, secret=secret, since=now)
