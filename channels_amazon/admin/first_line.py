"""The first line of the admin's own pages: what they are for; admin layer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.translation import gettext, ngettext

from channels_amazon.admin.scripts import LIST_SCRIPTS, FewScripts

_TEMPLATE = "channels_amazon/parts/first_line.html"
# More are not counted: a first line is no statistic.
_MOST_COUNTED = 1000


class FirstLine(FewScripts):
    """Begin each page with one sentence, and say what is missing where it can be.

    `purpose` is the sentence; `missing` counts the rows that lack something.
    """

    purpose: Any = ""
    list_before_template = _TEMPLATE
    change_form_outer_before_template = _TEMPLATE

    def incomplete(self, rows: QuerySet[Any]) -> QuerySet[Any] | None:
        """Return the rows that lack something, None where none can."""
        return None

    def missing(self, count: int) -> str:
        """Say what `count` rows lack."""
        raise NotImplementedError

    def also_missing(self, request: HttpRequest) -> str | None:
        """Say what else asks for somebody, "" for nothing, None where nothing can."""
        return None

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponseBase:
        """Show the list below its first line."""
        context: dict[str, Any] = {"purpose": self.purpose}
        looked_at = [self.also_missing(request)]
        rows = self.incomplete(self.get_queryset(request))  # type: ignore[attr-defined]
        if rows is not None:
            count = rows.order_by().values("pk")[:_MOST_COUNTED].count()
            looked_at.append(self.missing(count) if count else "")
        said = [one for one in looked_at if one is not None]
        if said:
            context["missing"] = " ".join(filter(None, said))
            context["is_complete"] = not context["missing"]
        answer: HttpResponseBase = super().changelist_view(  # type: ignore[misc]
            request, context | (extra_context or {})
        )
        shown = getattr(answer, "context_data", None) or {}
        if "cl" in shown:
            # Beside what the list's own forms bring.
            shown["media"] += LIST_SCRIPTS
        return answer

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponseBase:
        """Show the form below the sentence."""
        context = {"purpose": self.purpose} | (extra_context or {})
        answer: HttpResponseBase = super().changeform_view(  # type: ignore[misc]
            request, object_id, form_url, context
        )
        return answer


def variants_missing(count: int) -> str:
    """Say of how many variants Amazon has no listing."""
    return ngettext(
        "%(count)d variant is not on Amazon: no listing there has its SKU.",
        "%(count)d variants are not on Amazon: no listing there has their SKU.",
        count,
    ) % {"count": count}


def products_missing(count: int) -> str:
    """Say how many products have nothing to sell."""
    return ngettext(
        "%(count)d product has no variant, so there is nothing of it to sell.",
        "%(count)d products have no variant, so there is nothing of them to sell.",
        count,
    ) % {"count": count}


def stores_missing(count: int) -> str:
    """Say how many stores nobody owns."""
    return ngettext(
        "%(count)d store has no owner, so nobody there can connect Amazon.",
        "%(count)d stores have no owner, so nobody there can connect Amazon.",
        count,
    ) % {"count": count}


def users_missing(count: int) -> str:
    """Say how many people see nothing."""
    return ngettext(
        "%(count)d person is a member of no store, and sees nothing.",
        "%(count)d people are members of no store, and see nothing.",
        count,
    ) % {"count": count}


def users_locked(names: Sequence[str]) -> str:
    """Say which people cannot sign in now."""
    return ngettext(
        "%(names)s is locked out now, after too many failed sign-ins.",
        "%(names)s are locked out now, after too many failed sign-ins.",
        len(names),
    ) % {"names": gettext(", ").join(names)}
