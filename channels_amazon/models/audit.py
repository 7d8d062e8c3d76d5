"""What was done to rights, and what was refused to whom; models layer."""

from __future__ import annotations

from typing import Any, ClassVar, NoReturn

from django.db import models
from django.utils.translation import gettext_lazy as _

from channels_amazon.models.scope import StoreQuerySet, StoreScoped
from channels_amazon.models.sentence import SentenceField
from channels_amazon.models.store import Store


class AuditQuerySet(StoreQuerySet["AuditEntry"]):
    """Entries, to read and to add to."""

    def update(self, **values: Any) -> NoReturn:
        """Refuse: what happened does not change."""
        raise TypeError("entries of the audit log are only added")

    def delete(self) -> NoReturn:
        """Refuse: the retention pass alone deletes, by the base manager."""
        raise TypeError("entries of the audit log are only added")


class AuditEntry(StoreScoped):
    """One change of a right, one refusal, one lock: who, whom, where, from, to."""

    objects: ClassVar[Any] = AuditQuerySet.as_manager()

    # What was done to a store outlives it; the message names it.
    store = models.ForeignKey(
        Store, models.SET_NULL, null=True, blank=True, related_name="audit_entries"
    )
    at = models.DateTimeField(_("at"))
    code = models.CharField(_("code"), max_length=60)
    message = SentenceField(_("what happened"))
    # Whom it was done to, or which page was refused.
    reference = models.CharField(_("reference"), max_length=120, blank=True)
    actor = models.CharField(_("by"), max_length=150, blank=True)

    class Meta:
        ordering = ("-pk",)
        verbose_name = _("audit entry")
        verbose_name_plural = _("audit entries")
        indexes = (
            models.Index(fields=["store", "-id"], name="audit_store"),
            models.Index(fields=["reference"], name="audit_reference"),
            models.Index(fields=["at"], name="audit_at"),
        )

    def __str__(self) -> str:
        return f"{self.code} {self.message}"

    def save(self, *args: Any, **options: Any) -> None:
        """Add the entry; one that was added before stays as it is."""
        if not self._state.adding:
            raise TypeError("entries of the audit log are only added")
        super().save(*args, **options)

    def delete(self, *args: Any, **options: Any) -> NoReturn:
        """Refuse: the retention pass alone deletes."""
        raise TypeError("entries of the audit log are only added")
