"""What to say when connecting failed: what happened, what to do; views layer."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from channels_amazon.errors import ShoplinkError
from channels_amazon.models import translated

Words = tuple[str | Promise, str | Promise]

_NETWORK: Words = (
    _("Amazon could not be reached from this server."),
    _("Look at the server's network, then start again."),
)
# The client's own messages are Amazon's words, in English: these stand before them.
WORDS: dict[str, Words] = {
    "oauth.code_expired": (
        _("Amazon no longer accepts the code: it is older than five minutes or used."),
        _("Start again from the store; it takes a minute."),
    ),
    "client.secret_invalid": (
        _("Login with Amazon does not accept the client id and secret."),
        _("Enter the application's current secret as LWA_CLIENT_SECRET."),
    ),
    "lwa.outage": (
        _("Login with Amazon does not work at the moment."),
        _("Wait a few minutes, then start again from the store."),
    ),
    "network.timeout": (
        _("Amazon did not answer in time."),
        _("Wait a few minutes, then start again from the store."),
    ),
    "token.revoked": (
        _("Amazon does not accept this refresh token: it is revoked or not whole."),
        _("Authorise the application again in Seller Central and copy the new token."),
    ),
    "token.foreign_client": (
        _("The refresh token was given to another application."),
        _("Copy the token of the application that is configured here."),
    ),
    "quota.throttled": (
        _("Amazon asks to wait: too many questions in a short time."),
        _("Wait a minute, then try again."),
    ),
    "amazon.outage": (
        _("Amazon does not work at the moment."),
        _("Wait a few minutes, then try again."),
    ),
    "amazon.unexpected_response": (
        _("Amazon answered something that makes no sense to us."),
        _("Try again; if it stays, report it with the number below."),
    ),
}


@dataclass(frozen=True, slots=True)
class ConnectFailure:
    """A failure in words for the page; `detail` is Amazon's own text, if any."""

    code: str
    text: str
    fix: str
    detail: str = ""
    request_id: str = ""


def failure_of(error: ShoplinkError) -> ConnectFailure:
    """Return the words for `error`, in the reader's language."""
    words = WORDS.get(error.code)
    if words is None and error.code.startswith("network."):
        words = _NETWORK
    text, fix = words or (translated(error.message), translated(error.fix))
    return ConnectFailure(
        code=error.code,
        text=str(text),
        fix=str(fix),
        detail=translated(error.message) if words else "",
        request_id=str(getattr(error, "request_id", "")),
    )
