"""Says before the merchant leaves for Amazon what would fail there; services layer."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from urllib.parse import urlsplit

from django.conf import settings
from django.db import connection
from django.utils.translation import gettext as _

from channels_amazon.checks import LOOPBACK
from channels_amazon.errors import NeedsMerchant
from channels_amazon.models import DeveloperApplication, Store, translated
from channels_amazon.services.accounts.connection import (
    PlanExcludesAmazon,
    require_plan,
)
from channels_amazon.services.amazon_client.applications import current_application
from channels_amazon.services.amazon_client.factory import lwa_client
from channels_amazon.services.amazon_client.stores import DatabaseRecorder, clock_skew
from channels_amazon.services.installation.guard import InstallationPaused
from channels_amazon.spapi.errors import (
    ClientSecretInvalid,
    LwaRefused,
    SpApiError,
)
from channels_amazon.spapi.operations import NOTIFICATIONS_SCOPE
from channels_amazon.spapi.recorder import CallRecord

# Seconds by which our clock may differ from Amazon's before the list warns, or refuses.
SKEW_WARNING, SKEW_ERROR = 30.0, 120.0
# A person waits for the check-list: seconds for one attempt, and for all of them.
ATTEMPT_SECONDS, LONGEST_SECONDS = 4.0, 5.0
# Ids of applications of the Solution Provider Portal, and of older ones.
APPLICATION_PREFIXES = ("amzn1.sp.solution.", "amzn1.sellerapps.app.")
LWA_CLIENT_PREFIX = "amzn1.application-oa2-client."


class State(StrEnum):
    """Whether a line of the check-list is right."""

    OK = "ok"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class AddressDifference:
    """Two addresses, each cut at the first character in which they differ.

    `ours` and `configured` are that character, empty where the address has ended.
    """

    same: str
    ours: str
    our_rest: str
    configured: str
    configured_rest: str


@dataclass(frozen=True, slots=True)
class Check:
    """One line of the check-list; `code` is a name of the fault catalogue."""

    name: str
    title: str
    state: State
    text: str
    fix: str = ""
    code: str = ""
    difference: AddressDifference | None = None


class _Remembering:
    """Keeps the last attempt's record for the clock, and the rows for the log."""

    def __init__(self) -> None:
        self.last: CallRecord | None = None
        self._rows = DatabaseRecorder()

    def record(self, call: CallRecord) -> None:
        """Store the record, and remember it."""
        self._rows.record(call)
        self.last = call


def run_preflight(store: Store, callback_address: str) -> list[Check]:
    """Return the check-list for connecting `store`.

    `callback_address` is where this installation is reached, as the browser sees it.
    One call is made, to Login with Amazon; it changes nothing there.
    """
    application, missing = _configured()
    recorder = _Remembering()
    if application is None:
        return [_plan(store), missing, _clock(recorder.last), _utc()]
    secret = _secret(application, recorder)
    return [
        _plan(store),
        _application(application),
        secret,
        _redirect_uri(application.redirect_uri, callback_address),
        _clock(recorder.last),
        _utc(),
    ]


def address_difference(ours: str, configured: str) -> AddressDifference:
    """Split both addresses at the first character that differs."""
    pairs = enumerate(zip(ours, configured, strict=False))
    shorter = min(len(ours), len(configured))
    at = next((i for i, (a, b) in pairs if a != b), shorter)
    return AddressDifference(
        same=ours[:at],
        ours=ours[at : at + 1],
        our_rest=ours[at + 1 :],
        configured=configured[at : at + 1],
        configured_rest=configured[at + 1 :],
    )


def _configured() -> tuple[DeveloperApplication | None, Check]:
    title = _("Application")
    try:
        return current_application(), Check("application", title, State.OK, "")
    except NeedsMerchant as error:
        return None, _failed("application", title, error)


def _failed(name: str, title: str, error: NeedsMerchant) -> Check:
    message, fix = translated(error.message), translated(error.fix)
    return Check(name, title, State.ERROR, message, fix, error.code)


def _plan(store: Store) -> Check:
    title = _("Plan of the store")
    try:
        require_plan(store)
    except PlanExcludesAmazon as error:
        return _failed("plan", title, error)
    text = _("The %(plan)s plan includes Amazon.")
    return Check("plan", title, State.OK, text % {"plan": store.get_plan_display()})


def _application(application: DeveloperApplication) -> Check:
    title = _("Application")
    if not application.app_id.startswith(APPLICATION_PREFIXES):
        fix = _(
            "SPAPI_APP_ID is the application id in the Solution Provider Portal; it "
            "begins with amzn1.sp.solution or amzn1.sellerapps.app."
        )
        text = _("“%(id)s” does not look like an application id.")
        told = text % {"id": application.app_id[:60]}
        return Check("application", title, State.WARNING, told, fix)
    if not application.lwa_client_id.startswith(LWA_CLIENT_PREFIX):
        fix = _(
            "LWA_CLIENT_ID is under LWA credentials of the application; it begins "
            "with amzn1.application-oa2-client."
        )
        text = _("The LWA client id is missing or does not look like one.")
        return Check("application", title, State.WARNING, text, fix)
    text = _("“%(id)s” is configured.") % {"id": application.app_id}
    if application.is_draft:
        text = _("“%(id)s” is configured, as a draft.") % {"id": application.app_id}
    return Check("application", title, State.OK, text)


def _secret(application: DeveloperApplication, recorder: _Remembering) -> Check:
    title = _("Client secret")
    accepted = Check(
        "secret", title, State.OK, _("Login with Amazon accepts it, asked just now.")
    )
    try:
        lwa = replace(
            lwa_client(application, recorder=recorder),
            timeout=ATTEMPT_SECONDS,
            budget=LONGEST_SECONDS,
        )
        lwa.client_credentials(NOTIFICATIONS_SCOPE)
    except LwaRefused:
        # Id and secret are looked at first: what is refused is the scope alone.
        return accepted
    except (ClientSecretInvalid, NeedsMerchant, InstallationPaused) as error:
        fix = _("Enter the application's current secret as LWA_CLIENT_SECRET.")
        text = _("Login with Amazon does not accept the client id and secret.")
        if not isinstance(error, ClientSecretInvalid):
            text, fix = translated(error.message), translated(error.fix)
        return Check("secret", title, State.ERROR, text, fix, error.code)
    except SpApiError as error:
        return Check(
            "secret",
            title,
            State.WARNING,
            _("It could not be checked: Login with Amazon did not answer."),
            _("Open this page again in a minute; if it stays, look at the network."),
            error.code,
        )
    return accepted


def _redirect_uri(configured: str, ours: str) -> Check:
    title = _("Redirect URI")
    name, code = "redirect_uri", "oauth.redirect_uri_mismatch"
    if not configured:
        text = _("OAUTH_REDIRECT_URI is not set.")
        fix = _("Set it to %(uri)s, and register the same with Amazon.")
        return Check(name, title, State.ERROR, text, fix % {"uri": ours}, code)
    if "#" in configured:
        text = _("It contains “#”, which Amazon refuses (MD5110).")
        fix = _("Take the part from “#” on away.")
        return Check(name, title, State.ERROR, text, fix, code)
    if configured != ours:
        text = _("The configured address is not the one of this page.")
        fix = _(
            "Open Shoplink under the registered address, or register and configure "
            "this one; scheme, host, port, path and the slash at the end all count."
        )
        difference = address_difference(ours, configured)
        return Check(name, title, State.ERROR, text, fix, code, difference)
    parts = urlsplit(configured)
    if parts.scheme != "https" and not _is_rehearsal(parts.hostname or ""):
        text = _("It does not begin with https://, which Amazon asks for.")
        fix = _("Put Shoplink behind https, then register that address.")
        return Check(name, title, State.ERROR, text, fix, code)
    text = _("%(uri)s is configured, and is where this page is.")
    return Check(name, title, State.OK, text % {"uri": configured})


def _is_rehearsal(host: str) -> bool:
    """Tell whether both this page and Amazon are on this machine."""
    amazon = urlsplit(settings.SELLER_CENTRAL_URL_NA).hostname
    return host in LOOPBACK and amazon in LOOPBACK


def _clock(last: CallRecord | None) -> Check:
    title = _("Clock")
    skew = clock_skew(last) if last else None
    if skew is None:
        text = _("It could not be compared: no answer of Amazon's told the time.")
        return Check("clock", title, State.WARNING, text)
    # Amazon tells whole seconds only.
    seconds = round(abs(skew))
    text = _("It differs from Amazon's by %(seconds)d s.") % {"seconds": seconds}
    if seconds <= SKEW_WARNING:
        return Check("clock", title, State.OK, text)
    state = State.ERROR if seconds > SKEW_ERROR else State.WARNING
    fix = _("Set the clock of this machine, best by a time service (NTP).")
    return Check("clock", title, state, text, fix, "clock.skewed")


def _utc() -> Check:
    title = _("UTC")
    wrong = [
        name
        for name, zone in (
            ("TIME_ZONE", settings.TIME_ZONE if settings.USE_TZ else "USE_TZ=False"),
            (connection.vendor, connection.timezone_name),
        )
        if zone != "UTC"
    ]
    if not wrong:
        text = _("Settings and database reckon in UTC.")
        return Check("utc", title, State.OK, text)
    text = _("Not in UTC: %(places)s.") % {"places": ", ".join(wrong)}
    fix = _("Set TIME_ZONE to UTC in the settings and leave the database's alone.")
    return Check("utc", title, State.ERROR, text, fix, "clock.not_utc")
