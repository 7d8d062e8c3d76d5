"""Ship templates: what may be saved, when they work, who is on for which orders."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from channels_amazon.models import (
    DiagnosticEntry,
    Parcel,
    ShipTemplate,
    Store,
    SyncJob,
)
from channels_amazon.rules.shipping.carriers import Carrier, CarrierMapping
from channels_amazon.services.shipping import templates
from channels_amazon.services.shipping.parcels import CARRIER_UNKNOWN, NO_TEMPLATE
from channels_amazon.services.shipping.templates import (
    ShipTemplateError,
    TemplateDraft,
    activate,
    deactivate,
    mappings_of,
    mark_previewed,
    save_template,
)
from tests import builders

pytestmark = pytest.mark.django_db

DHL = CarrierMapping("Paket", "", Carrier("DHL"))
BIKE = CarrierMapping("Rad", "Express", Carrier("Other", "Bike Couriers", "Same day"))
Off = ShipTemplateError


def save(
    store: Store, template: ShipTemplate | None = None, **over: Any
) -> ShipTemplate:
    """Save a template as somebody named tim."""
    fields: dict[str, Any] = {"name": "Standard", "carriers": (DHL, BIKE)}
    draft = TemplateDraft(**fields | over)
    return save_template(store, draft, template=template, actor="tim")


def switched_on(template: ShipTemplate) -> ShipTemplate:
    """Look at the preview and switch the template on."""
    assert mark_previewed(template, version=template.updated_at)
    return activate(template, actor="tim")


def test_template_keeps_its_carriers() -> None:
    template = save(builders.make_store())

    assert set(mappings_of(template)) == {DHL, BIKE}
    assert not template.is_active


@pytest.mark.parametrize(
    "over",
    [
        {"name": " "},
        {"marketplace_id": "NOWHERE"},
        {"hours_before_deadline": 0},
        {"hours_before_deadline": 241},
        {"carriers": (CarrierMapping(" ", "", Carrier("DHL")),)},
        {"carriers": (CarrierMapping("A", "", Carrier("Pigeon")),)},
        {"carriers": (CarrierMapping("A", "", Carrier("Other", " ")),)},
        {"carriers": (DHL, CarrierMapping("pa KET", "", Carrier("UPS")))},
    ],
)
def test_template_that_cannot_be_is_not_saved(over: dict[str, Any]) -> None:
    with pytest.raises(ShipTemplateError):
        save(builders.make_store(), **over)

    assert not ShipTemplate.objects.exists()


def test_rows_of_other_stores_and_regions_are_refused() -> None:
    store = builders.make_store()
    account = builders.make_account(store, region="eu")

    for over in (
        {"account": builders.make_account()},
        {"warehouse": builders.make_warehouse()},
        {"account": account, "marketplace_id": "ATVPDKIKX0DER"},
    ):
        with pytest.raises(ShipTemplateError):
            save(store, **over)


def test_template_works_only_after_its_preview() -> None:
    template = save(builders.make_store())

    with pytest.raises(ShipTemplateError):
        activate(template, actor="tim")
    on = switched_on(template)

    assert (on.is_active, on.activated_by) == (True, "tim")
    assert DiagnosticEntry.objects.filter(code="ship_templates.on").count() == 1


def test_change_switches_off_and_makes_the_preview_one_of_the_past() -> None:
    store = builders.make_store()
    template = switched_on(save(store))

    assert save(store, template).is_active
    changed = save(store, template, carriers=(DHL,))

    assert not changed.is_active
    assert not mark_previewed(changed, version=template.updated_at)
    with pytest.raises(ShipTemplateError):
        activate(changed, actor="tim")
    assert switched_on(changed).is_active


def test_one_template_is_on_for_the_same_orders() -> None:
    store = builders.make_store()
    account = builders.make_account(store)
    switched_on(save(store, name="First"))
    second = save(store, name="Second")
    mark_previewed(second, version=second.updated_at)

    with pytest.raises(ShipTemplateError, match="First"):
        activate(second, actor="tim")
    assert switched_on(save(store, name="Narrower", account=account)).is_active


def test_two_clicks_switch_once() -> None:
    template = switched_on(save(builders.make_store()))

    activate(template, actor="tim")
    assert deactivate(template, actor="tim")
    assert not deactivate(template, actor="tim")

    codes = DiagnosticEntry.objects.order_by("pk").values_list("code", flat=True)
    assert list(codes) == ["ship_templates.on", "ship_templates.off"]


def test_switching_on_takes_up_what_waited_for_it() -> None:
    account = builders.make_account()
    order = builders.make_order(account)
    job = builders.make_job(
        account, kind=SyncJob.Kind.PARCELS, due_at=timezone.now() + timedelta(hours=1)
    )
    waiting = builders.make_parcel(order, code=NO_TEMPLATE, try_after=None)
    unknown = builders.make_parcel(
        order, code=CARRIER_UNKNOWN, state=Parcel.State.REFUSED, try_after=None
    )
    other = builders.make_parcel(
        order, code="parcel.order_cancelled", state=Parcel.State.REFUSED
    )

    switched_on(save(account.store))

    due = Parcel.objects.filter(state="waiting", try_after__lte=timezone.now())
    assert set(due) == {waiting, unknown}
    other.refresh_from_db()
    assert other.state == Parcel.State.REFUSED
    job.refresh_from_db()
    assert job.due_at <= timezone.now()


def test_timing_is_the_templates() -> None:
    late = builders.make_template(
        confirm_when="before_deadline", hours_before_deadline=7
    )

    assert templates.timing_of(late).hours_before == 7
    assert templates.timing_of(builders.make_template()).hours_before is None
    assert templates.timing_of(None).hours_before is None
