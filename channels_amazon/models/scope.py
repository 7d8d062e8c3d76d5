"""Which rows a user may see: the one place where queries are scoped to stores."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar, Self, TypeVar

from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser
from django.db import models

Row = TypeVar("Row", bound=models.Model, covariant=True)
Viewer = AbstractBaseUser | AnonymousUser


# Counting stops here, so that a page costs the same with a million rows.
COUNT_CAP = 1000


def capped(count: int) -> str:
    """Return a counted number, `999+` for one that was not counted to its end."""
    return f"{COUNT_CAP - 1}+" if count >= COUNT_CAP else str(count)


class StoreQuerySet(models.QuerySet[Row]):
    """Rows that belong to a store, directly or through `STORE_PATH`."""

    def visible_to(self, user: Viewer) -> Self:
        """Return the rows of the stores `user` is a member of.

        A superuser runs the installation and sees every store; an inactive or
        anonymous user sees nothing.
        """
        if not user.is_authenticated or not user.is_active:
            return self.none()
        if getattr(user, "is_superuser", False):
            return self
        path = getattr(self.model, "STORE_PATH", "")
        prefix = f"{path}__" if path else ""
        return self.filter(**{f"{prefix}members__user_id": user.pk})

    def with_role(self, user: Viewer, roles: Iterable[str]) -> Self:
        """Return the rows of the stores in which `user` has one of these roles.

        Every row for a superuser, none for whom `visible_to` shows none.
        """
        if not user.is_authenticated or not user.is_active:
            return self.none()
        if getattr(user, "is_superuser", False):
            return self
        path = getattr(self.model, "STORE_PATH", "")
        prefix = f"{path}__" if path else ""
        # In one call, so that both are asked of the same membership.
        return self.filter(
            **{
                f"{prefix}members__user_id": user.pk,
                f"{prefix}members__role__in": tuple(roles),
            }
        )

    def capped_count(self) -> int:
        """Return how many rows there are, counted up to COUNT_CAP."""
        return self.order_by().values("pk")[:COUNT_CAP].count()


class CappedCount(models.Subquery):
    """How many of `rows` there are for each row of a query, up to COUNT_CAP.

    `rows` names the outer row by OuterRef. A page asks so for all its accounts at once,
    and reads no more of each than it shows.
    """

    template = "(SELECT COUNT(*) FROM (%(subquery)s) capped)"

    def __init__(self, rows: StoreQuerySet[Any]) -> None:
        limited = rows.order_by().values("pk")[:COUNT_CAP]
        super().__init__(limited, output_field=models.IntegerField())


class StoreScoped(models.Model):
    """Base of every model whose rows belong to one store."""

    STORE_PATH: ClassVar[str] = "store"

    # Subclasses inherit the queryset; the manager is typed loosely on purpose.
    objects: ClassVar[Any] = StoreQuerySet.as_manager()

    class Meta:
        abstract = True
