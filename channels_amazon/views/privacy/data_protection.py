"""Are we within Amazon's data policy? Each duty measured, the proofs; views layer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from channels_amazon.forms import parameters
from channels_amazon.models import Store
from channels_amazon.rules.local_times import TO_THE_MINUTE
from channels_amazon.rules.privacy.retention import (
    OPEN_PERSONAL_DATA_KEPT,
    PERSONAL_DATA_KEPT,
)
from channels_amazon.services.diagnostics.export import LogKind, csv_lines, keep_export
from channels_amazon.services.privacy.compliance import (
    Protection,
    looks_of,
    proofs_of,
    protection,
)
from channels_amazon.views.base import get_mine, mine, page, store_page
from channels_amazon.views.local_time import local

LOOKS_SHOWN = 20
PROOFS_SHOWN = 30


@dataclass(frozen=True, slots=True)
class Duty:
    """One duty: how it stands as shape and word, and what was measured."""

    title: str
    kind: str
    word: str
    measured: str


@store_page
@require_safe
def data_protection(request: HttpRequest) -> HttpResponse:
    """Show the duties of the store that the address names, else of the first one."""
    now = timezone.now()
    stores = list(mine(Store, request))
    if parameters.STORE.of(request):
        number = parameters.STORE.number(request)
        store: Store | None = get_mine(Store, request, pk=number)
    else:
        store = stores[0] if stores else None
    context: dict[str, Any] = {"stores": stores, "store": store, "now": now}
    if store is not None:
        shown = protection(store, now)
        context |= {
            "protection": shown,
            "duties": duties(shown, now),
            "days": PERSONAL_DATA_KEPT.days,
            "days_open": OPEN_PERSONAL_DATA_KEPT.days,
            "looks": looks_of(store, now)[:LOOKS_SHOWN],
            "proofs": proofs_of(store)[:PROOFS_SHOWN],
        }
    template = "channels_amazon/privacy/data_protection.html"
    return page(request, template, context, title=_("Data protection"))


@store_page
@require_safe
def proofs_download(request: HttpRequest, store_id: int) -> HttpResponseBase:
    """Stream all proofs of deletion of a store as a CSV file."""
    store = get_mine(Store, request, pk=store_id)
    actor = request.user.get_username()
    keep_export(LogKind.PROOFS, actor=actor, store_ids=[store.pk])
    response = StreamingHttpResponse(
        csv_lines(LogKind.PROOFS, proofs_of(store)),
        content_type="text/csv; charset=utf-8",
    )
    name = f"shoplink-purge-proofs-{store.slug}-{timezone.now():%Y%m%d}.csv"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def duties(shown: Protection, now: datetime) -> list[Duty]:
    """Return each duty with how it stands now."""
    return [_deletion(shown, now), _proving(shown), _seeing(shown), _encryption(shown)]


def _deletion(shown: Protection, now: datetime) -> Duty:
    overdue = shown.standing.overdue
    text = ngettext(
        "%(count)d order keeps its buyer and recipient.",
        "%(count)d orders keep their buyers and recipients.",
        shown.standing.kept,
    )
    return Duty(
        title=_("Personal data is deleted in time"),
        kind="error" if overdue else "ok",
        word=_("%(count)d overdue") % {"count": overdue},
        measured=text % {"count": shown.standing.kept},
    )


def _proving(shown: Protection) -> Duty:
    if shown.is_purged:
        return Duty(
            _("The purge runs and proves it"),
            "ok",
            _("runs"),
            _("Every hour; a proof each time something is deleted, else once a day."),
        )
    if shown.purging_since is not None:
        text = _(
            "A purge of all stores is under way since %(date)s and has not come to "
            "this store yet."
        )
        return Duty(
            _("The purge runs and proves it"),
            "warning",
            _("no proof for a day"),
            text % {"date": local(shown.purging_since, TO_THE_MINUTE)},
        )
    return Duty(
        _("The purge runs and proves it"),
        "warning",
        _("no proof for a day"),
        _(
            "Start “manage.py worker”, or run “manage.py purge_personal_data” on the "
            "server."
        ),
    )


def _seeing(shown: Protection) -> Duty:
    return Duty(
        title=_("Only who needs it sees it"),
        kind="ok" if len(shown.seers) < shown.members else "info",
        word=ngettext(
            "%(seers)d of %(all)d member", "%(seers)d of %(all)d members", shown.members
        )
        % {"seers": len(shown.seers), "all": shown.members},
        measured=_(
            "Buyer and recipient are masked until a member with the right reveals "
            "them; each look and each search by name is recorded."
        ),
    )


def _encryption(shown: Protection) -> Duty:
    more = shown.keys > 1
    return Duty(
        title=_("It is encrypted where it is stored"),
        kind="info" if more else "ok",
        word=ngettext("%(count)d key", "%(count)d keys", shown.keys)
        % {"count": shown.keys},
        measured=_(
            "AES-128 with a signature, under a key that the database does not hold. "
            "Run “manage.py rotate_keys”, then remove the old keys."
        )
        if more
        else _(
            "AES-128 with a signature, under a key that the database does not hold."
        ),
    )
