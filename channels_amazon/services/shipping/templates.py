"""Saves ship templates and switches them on and off; services layer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from channels_amazon.errors import ShoplinkError
from channels_amazon.marketplaces import MARKETPLACES
from channels_amazon.models import (
    AmazonAccount,
    CarrierRule,
    Parcel,
    ShipTemplate,
    Store,
    SyncJob,
    Warehouse,
)
from channels_amazon.rules.shipping import templates as rules
from channels_amazon.rules.shipping.carriers import (
    Carrier,
    CarrierMapping,
    folded,
)
from channels_amazon.services.diagnostics.entries import Entry, Level, record
from channels_amazon.services.jobs import lifecycle
from channels_amazon.services.shipping.parcels import CARRIER_UNKNOWN, NO_TEMPLATE
from channels_amazon.services.shipping.shipments import carrier_fault
from channels_amazon.wording import sentence


class ShipTemplateError(ShoplinkError):
    """A ship template that cannot be saved or switched on as it is."""

    def __init__(self, message: str) -> None:
        super().__init__("ship_templates.invalid", message)


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateDraft:
    """A template as somebody entered it; empty account and marketplace for all."""

    name: str
    account: AmazonAccount | None = None
    marketplace_id: str = ""
    warehouse: Warehouse | None = None
    confirm_when: ShipTemplate.ConfirmWhen = ShipTemplate.ConfirmWhen.ON_TRACKING
    hours_before_deadline: int = 4
    splits_by_parcel: bool = True
    carriers: Sequence[CarrierMapping] = ()


def save_template(
    store: Store,
    draft: TemplateDraft,
    *,
    template: ShipTemplate | None = None,
    actor: str,
) -> ShipTemplate:
    """Save a new template, or what changed of one, with its carriers.

    A changed template is switched off: it works again only after its new effect was
    looked at. Saving it unchanged does nothing. Raises ShipTemplateError.
    """
    _check(store, draft)
    facts = {
        "name": draft.name.strip(),
        "account": draft.account,
        "marketplace_id": draft.marketplace_id,
        "warehouse": draft.warehouse,
        "confirm_when": draft.confirm_when,
        "hours_before_deadline": draft.hours_before_deadline,
        "splits_by_parcel": draft.splits_by_parcel,
    }
    with transaction.atomic():
        row = ShipTemplate(store=store)
        if template is not None:
            row = _lock(template)
            same = all(getattr(row, name) == value for name, value in facts.items())
            if same and set(mappings_of(row)) == set(draft.carriers):
                return row
        for name, value in facts.items():
            setattr(row, name, value)
        was_active, row.is_active = row.is_active, False
        # Sets updated_at too, which makes every earlier preview one of the past.
        row.save()
        _write_carriers(row, draft.carriers)
        if was_active:
            _log_switched_off(row, actor, by_change=True)
    return row


def mark_previewed(template: ShipTemplate, *, version: datetime) -> bool:
    """Keep that somebody saw what this version would do; False for a past version."""
    seen = ShipTemplate.objects.filter(pk=template.pk, updated_at=version)
    return bool(seen.update(previewed_at=timezone.now()))


def is_previewed(template: ShipTemplate) -> bool:
    """Tell whether the effect of the template as it is now was looked at."""
    seen_at = template.previewed_at
    return seen_at is not None and seen_at >= template.updated_at


def activate(template: ShipTemplate, *, actor: str) -> ShipTemplate:
    """Switch the template on, and take up the parcels that waited for it.

    Raises ShipTemplateError where its preview was not seen, or where another one
    holds for the same account and marketplace.
    """
    with transaction.atomic():
        row = _lock(template)
        if row.is_active:
            return row
        if not is_previewed(row):
            raise ShipTemplateError(
                _("Look at the preview first: it shows what the template will do.")
            )
        other = _rival(row)
        if other is not None:
            raise ShipTemplateError(
                _("“%(name)s” is switched on for the same orders: switch it off first.")
                % {"name": other.name}
            )
        try:
            with transaction.atomic():
                _switch(row, is_on=True, actor=actor)
        except IntegrityError as error:
            raise ShipTemplateError(
                _("Another template was just switched on for the same orders.")
            ) from error
        _log_switched_on(row, actor)
        wake_parcels(row)
    return row


def deactivate(template: ShipTemplate, *, actor: str) -> bool:
    """Switch the template off; False if it was off. What it packed is still sent."""
    with transaction.atomic():
        row = _lock(template)
        if not row.is_active:
            return False
        _switch(row, is_on=False, actor="")
        _log_switched_off(row, actor, by_change=False)
    return True


def wake_parcels(template: ShipTemplate) -> None:
    """Take up the parcels that a template or a carrier's rule was missing for."""
    held = Q(state=Parcel.State.WAITING, code=NO_TEMPLATE) | Q(
        state=Parcel.State.REFUSED, code=CARRIER_UNKNOWN
    )
    parcels = Parcel.objects.filter(held, store_id=template.store_id)
    parcels.filter(order__isnull=False).update(
        state=Parcel.State.WAITING, try_after=timezone.now()
    )
    accounts = AmazonAccount.objects.filter(
        store_id=template.store_id, state=AmazonAccount.State.CONNECTED
    )
    for account_id in accounts.values_list("pk", flat=True):
        lifecycle.wake(account_id, SyncJob.Kind.PARCELS)


def mappings_of(template: ShipTemplate) -> list[CarrierMapping]:
    """Return the template's carriers as the rules read them."""
    return [
        CarrierMapping(
            row.store_carrier,
            row.store_method,
            Carrier(row.carrier_code, row.carrier_name, row.shipping_method),
        )
        for row in template.carriers.all()
    ]


def timing_of(template: ShipTemplate | None) -> rules.Timing:
    """Return when the template confirms."""
    if template is None:
        return rules.Timing()
    waits = template.confirm_when == ShipTemplate.ConfirmWhen.BEFORE_DEADLINE
    return rules.Timing(template.hours_before_deadline if waits else None)


def _check(store: Store, draft: TemplateDraft) -> None:
    if not draft.name.strip():
        raise ShipTemplateError(_("Give the template a name."))
    account = draft.account
    if account is not None and account.store_id != store.pk:
        raise ShipTemplateError(_("The account belongs to another store."))
    if draft.warehouse is not None and draft.warehouse.store_id != store.pk:
        raise ShipTemplateError(_("The warehouse belongs to another store."))
    site = MARKETPLACES.get(draft.marketplace_id)
    if draft.marketplace_id and (
        site is None or (account is not None and account.region != site.region)
    ):
        raise ShipTemplateError(
            _("The marketplace is not one of the account's region.")
        )
    if not 1 <= draft.hours_before_deadline <= 240:
        raise ShipTemplateError(_("Choose between 1 and 240 hours."))
    _check_carriers(draft.carriers)


def _check_carriers(carriers: Sequence[CarrierMapping]) -> None:
    seen: set[tuple[str, str]] = set()
    for one in carriers:
        key = (folded(one.store_carrier), folded(one.store_method))
        if not key[0]:
            raise ShipTemplateError(_("Enter how the store calls the carrier."))
        if key in seen:
            raise ShipTemplateError(
                _("“%(carrier)s” with the same method is there twice.")
                % {"carrier": one.store_carrier}
            )
        seen.add(key)
        if fault := carrier_fault(one.carrier):
            raise ShipTemplateError(fault)


def _lock(template: ShipTemplate) -> ShipTemplate:
    row: ShipTemplate = (
        ShipTemplate.objects.select_for_update(of=("self",), no_key=True)
        .select_related("store")
        .get(pk=template.pk)
    )
    return row


def _write_carriers(row: ShipTemplate, carriers: Sequence[CarrierMapping]) -> None:
    CarrierRule.objects.filter(template=row).delete()
    CarrierRule.objects.bulk_create(
        [
            CarrierRule(
                template=row,
                store_carrier=one.store_carrier.strip()[:80],
                store_method=one.store_method.strip()[:80],
                carrier_code=one.carrier.code,
                carrier_name=one.carrier.stated_name[:60],
                shipping_method=one.carrier.method.strip()[:60],
            )
            for one in carriers
        ]
    )


def _rival(row: ShipTemplate) -> ShipTemplate | None:
    rival: ShipTemplate | None = (
        ShipTemplate.objects.filter(
            store=row.store_id,
            account=row.account_id,
            marketplace_id=row.marketplace_id,
            is_active=True,
        )
        .exclude(pk=row.pk)
        .first()
    )
    return rival


def _switch(row: ShipTemplate, *, is_on: bool, actor: str) -> None:
    # Not `save`, which would make the preview one of the past.
    row.is_active = is_on
    row.activated_at = timezone.now() if is_on else row.activated_at
    row.activated_by = actor[:150] if is_on else row.activated_by
    ShipTemplate.objects.filter(pk=row.pk).update(
        is_active=row.is_active,
        activated_at=row.activated_at,
        activated_by=row.activated_by,
    )


def _log_switched_on(row: ShipTemplate, actor: str) -> None:
    text = sentence("The ship template “%(name)s” was switched on.", name=row.name)
    _record(row, "ship_templates.on", text, actor)


def _log_switched_off(row: ShipTemplate, actor: str, *, by_change: bool) -> None:
    if by_change:
        text = sentence(
            "The ship template “%(name)s” was changed, and is switched off until its "
            "new effect was looked at.",
            name=row.name,
        )
    else:
        text = sentence(
            "The ship template “%(name)s” was switched off: its parcels wait.",
            name=row.name,
        )
    _record(row, "ship_templates.off", text, actor)


def _record(row: ShipTemplate, code: str, text: str, actor: str) -> None:
    record(
        Entry(
            code=code,
            level=Level.INFO,
            store=row.store,
            account=row.account,
            message=text,
            actor=actor,
        )
    )
