"""Sets a store up, and tells what of it is still missing; services layer.

The page of the first sign-in and `manage.py create_store` both call these functions.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.text import slugify

from channels_amazon.models import (
    AmazonAccount,
    Store,
    StoreMember,
    Variant,
    Warehouse,
)
from channels_amazon.services.diagnostics.entries import Entry, Level, record
from channels_amazon.wording import sentence

_LONGEST_CODE = 50
# How the form and the command begin where nobody says otherwise.
FIRST_WAREHOUSE = "Main"


class Step(StrEnum):
    """What a store needs, in the order in which the first sign-in asks for it."""

    STORE = "store"
    OWNER = "owner"
    PLACE = "place"
    WAREHOUSE = "warehouse"
    CATALOGUE = "catalogue"
    CONNECT = "connect"


# Without these nobody can connect, or the store's figures are nobody's.
NEEDED = (Step.STORE, Step.OWNER, Step.PLACE, Step.WAREHOUSE)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreDraft:
    """A store that is to be there; `slug` "" is made from the name.

    `warehouse` "" opens none.
    """

    name: str
    owner: Any
    slug: str = ""
    plan: str = Store.Plan.ENTERPRISE
    currency: str = "USD"
    language: str = "en"
    time_zone: str = ""
    warehouse: str = ""
    actor: str = ""


def create_store(draft: StoreDraft) -> tuple[Store, bool]:
    """Make the store with its owner and warehouse; return it and whether it is new.

    May be repeated: a store that is there keeps what it has, and gets what it lacks.
    Raises ValidationError where a value cannot be taken.
    """
    with transaction.atomic():
        store = _known(draft)
        is_new = store is None
        if store is None:
            store = Store(
                name=draft.name,
                slug=draft.slug or _free_slug(draft.name),
                plan=draft.plan,
                currency=draft.currency,
                language=draft.language,
                time_zone=draft.time_zone,
            )
            store.full_clean()
            store.save(force_insert=True)
        elif draft.time_zone and not store.time_zone:
            set_place(store, time_zone=draft.time_zone)
        set_owner(store, draft.owner)
        if draft.warehouse:
            open_first_warehouse(store, draft.warehouse)
        if is_new:
            _tell(store, draft.actor)
    return store, is_new


def set_owner(store: Store, user: Any) -> None:
    """Make the user an owner of the store, who may connect its accounts."""
    member, is_new = StoreMember.objects.get_or_create(
        store=store, user=user, defaults={"role": StoreMember.Role.OWNER}
    )
    if not is_new and member.role != StoreMember.Role.OWNER:
        member.role = StoreMember.Role.OWNER
        member.save(update_fields=["role"])


def set_place(
    store: Store, *, time_zone: str, language: str = "", currency: str = ""
) -> None:
    """Set where the store is at home; what is left empty stays as it is.

    Raises ValidationError for what there is not.
    """
    store.time_zone = time_zone
    store.language = language or store.language
    store.currency = currency or store.currency
    store.full_clean()
    store.save(update_fields=["time_zone", "language", "currency"])


def open_first_warehouse(store: Store, name: str, country_code: str = "") -> Warehouse:
    """Return the store's default warehouse, opened under that name if it has none."""
    first: Warehouse | None = Warehouse.objects.filter(store=store).first()
    if first is not None:
        return first
    warehouse = Warehouse(
        store=store,
        name=name,
        code=slugify(name)[:_LONGEST_CODE] or "main",
        country_code=country_code,
        is_default=True,
    )
    warehouse.full_clean()
    warehouse.save(force_insert=True)
    return warehouse


def done_steps(store: Store) -> set[Step]:
    """Return what the store has, as its rows tell."""
    owners = StoreMember.objects.filter(
        store=store, role=StoreMember.Role.OWNER, user__is_active=True
    )
    facts = {
        Step.STORE: True,
        Step.OWNER: owners.exists(),
        Step.PLACE: bool(store.time_zone),
        Step.WAREHOUSE: Warehouse.objects.filter(store=store).exists(),
        Step.CATALOGUE: Variant.objects.filter(store=store).exists(),
        Step.CONNECT: AmazonAccount.objects.filter(store=store).exists(),
    }
    return {step for step, is_done in facts.items() if is_done}


def first_lacking(stores: QuerySet[Store]) -> Store | None:
    """Return the first of the stores that lacks what NEEDED names, by one statement."""
    owners = StoreMember.objects.filter(
        store=OuterRef("pk"), role=StoreMember.Role.OWNER, user__is_active=True
    )
    warehouses = Warehouse.objects.filter(store=OuterRef("pk"))
    lacking = ~Exists(owners) | ~Exists(warehouses) | Q(time_zone="")
    return stores.filter(lacking).first()


def _known(draft: StoreDraft) -> Store | None:
    facts = {"slug": draft.slug} if draft.slug else {"name": draft.name}
    found: Store | None = Store.objects.filter(**facts).first()
    return found


def _free_slug(name: str) -> str:
    # Nothing is left of a name in Chinese.
    wished = slugify(name)[: _LONGEST_CODE - 5] or "store"
    taken = set(
        Store.objects.filter(slug__startswith=wished).values_list("slug", flat=True)
    )
    wishes = [wished, *(f"{wished}-{n}" for n in range(2, len(taken) + 3))]
    return next(slug for slug in wishes if slug not in taken)


def _tell(store: Store, actor: str) -> None:
    record(
        Entry(
            code="store.created",
            level=Level.INFO,
            store=store,
            message=sentence("The store %(name)s was set up.", name=store.name),
            actor=actor,
        )
    )
