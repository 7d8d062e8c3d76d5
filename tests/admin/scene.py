"""An attacker of each role, with every permission that Django itself can give."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from channels_amazon.models import Store, StoreMember
from tests import builders
from tests.views.scene import signed_in


@dataclass(frozen=True)
class Doors:
    """Two stores; `owner`, `operator` and `viewer` are members of the first alone."""

    store: Store
    other: Store
    owner: StoreMember
    operator: StoreMember
    viewer: StoreMember
    stranger: StoreMember
    superuser: Any

    def client(self, role: str) -> Client:
        """Return a client in which who has that role is signed in."""
        return signed_in(getattr(self, role).user)


def make_doors() -> Doors:
    """Make the stores and their people; nobody sees personal data."""
    store, other = builders.make_store(), builders.make_store()
    doors = Doors(
        store=store,
        other=other,
        owner=builders.make_member(store, role="owner"),
        operator=builders.make_member(store, role="operator"),
        viewer=builders.make_member(store, role="viewer"),
        stranger=builders.make_member(other, role="owner"),
        superuser=builders.make_user(is_superuser=True),
    )
    for member in (doors.owner, doors.operator, doors.viewer, doors.stranger):
        member.user.user_permissions.set(Permission.objects.all())
    return doors


def address(model: str, page: str, *args: Any, app: str = "channels_amazon") -> str:
    """Return the address of one of the admin's own pages."""
    return reverse(f"admin:{app}_{model}_{page}", args=args)


def store_form(store: Store, **over: Any) -> dict[str, Any]:
    """Return what the form of the store sends, with nothing changed."""
    return {
        "name": store.name,
        "slug": store.slug,
        "plan": store.plan,
        "language": store.language,
        "currency": store.currency,
        "members-TOTAL_FORMS": 0,
        "members-INITIAL_FORMS": 0,
        "warehouses-TOTAL_FORMS": 0,
        "warehouses-INITIAL_FORMS": 0,
        **over,
    }


def inline(prefix: str, *rows: dict[str, Any], initial: int = 0) -> dict[str, Any]:
    """Return the fields of an inline form set."""
    fields: dict[str, Any] = {
        f"{prefix}-TOTAL_FORMS": len(rows),
        f"{prefix}-INITIAL_FORMS": initial,
    }
    for number, row in enumerate(rows):
        for name, value in row.items():
            fields[f"{prefix}-{number}-{name}"] = value
    return fields
