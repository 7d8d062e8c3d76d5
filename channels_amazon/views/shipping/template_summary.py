"""Says a ship template as sentences; views layer."""

from __future__ import annotations

from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from channels_amazon.marketplaces import MARKETPLACES
from channels_amazon.models import ShipTemplate
from channels_amazon.services.stock.shortfalls import Shortfall


def rule_of(template: ShipTemplate) -> str:
    """Return what the template does, in a few whole sentences."""
    sentences = (_scope(template), _packages(template), _time(template))
    return " ".join((*sentences, _origin(template)))


def below_zero_of(fallen: Shortfall) -> str:
    """Return what a level would come to if the template shipped the open orders."""
    values = {
        "warehouse": fallen.warehouse,
        "sku": fallen.sku,
        "on_hand": fallen.on_hand,
        "missing": fallen.missing,
    }
    if fallen.on_hand < 0:
        return _("%(warehouse)s would show %(on_hand)d of %(sku)s.") % values
    text = ngettext(
        "%(warehouse)s would lack %(missing)d unit of %(sku)s that is promised to "
        "other orders.",
        "%(warehouse)s would lack %(missing)d units of %(sku)s that are promised to "
        "other orders.",
        fallen.missing,
    )
    return text % values


def _scope(template: ShipTemplate) -> str:
    site = MARKETPLACES.get(template.marketplace_id)
    names = {
        "account": str(template.account or ""),
        "site": site.name_in(get_language() or "en") if site else "",
    }
    if template.account is not None and site is not None:
        return _("It ships the orders of %(account)s in %(site)s.") % names
    if template.account is not None:
        return _("It ships the orders of %(account)s.") % names
    if site is not None:
        return _("It ships the orders of every account in %(site)s.") % names
    return _("It ships the orders of every account and marketplace.")


def _packages(template: ShipTemplate) -> str:
    hours = template.hours_before_deadline
    if template.splits_by_parcel:
        return _("Each parcel is a package of its own.")
    return ngettext(
        "All parcels of an order are one package, which waits for them until %(hours)d "
        "hour before the latest ship time.",
        "All parcels of an order are one package, which waits for them until %(hours)d "
        "hours before the latest ship time.",
        hours,
    ) % {"hours": hours}


def _time(template: ShipTemplate) -> str:
    hours = template.hours_before_deadline
    if template.confirm_when == ShipTemplate.ConfirmWhen.ON_TRACKING:
        return _("Amazon is told as soon as the tracking number is there.")
    return ngettext(
        "Amazon is told %(hours)d hour before the latest ship time.",
        "Amazon is told %(hours)d hours before the latest ship time.",
        hours,
    ) % {"hours": hours}


def _origin(template: ShipTemplate) -> str:
    if template.warehouse is None:
        return _("The units leave from where they are held.")
    return _("The units leave from %(warehouse)s.") % {
        "warehouse": template.warehouse.name
    }
