"""What keeps an account's rows at Amazon from being read; models layer."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from channels_amazon.models.account import AmazonAccount
from channels_amazon.models.scope import StoreScoped
from channels_amazon.models.sentence import SentenceField


class ReadingIssue(StoreScoped):
    """A marketplace that a job cannot read, for as long as that lasts.

    The first reading that ends well deletes the row. `marketplace_id` is empty where a
    job reads all of them in one. `request_ids` are Amazon's, the newest first; `times`
    counts the readings in a row that ended so.
    """

    STORE_PATH: ClassVar[str] = "account__store"

    class Cause(models.TextChoices):
        """Why the rows are not read."""

        # A fault: the job fails, and tries again soon.
        NO_PROGRESS = "no_progress", _("Amazon's answers go round")
        FAULTY = "faulty", _("Amazon refuses the request")
        # What Amazon says of the account: the job is done without these rows.
        REFUSED = "refused", _("Amazon refuses to show them")

    account = models.ForeignKey(
        AmazonAccount, models.CASCADE, related_name="reading_issues"
    )
    kind = models.CharField(_("job"), max_length=20)
    marketplace_id = models.CharField(_("marketplace"), max_length=20, blank=True)
    cause = models.CharField(_("cause"), max_length=12, choices=Cause.choices)
    reason = SentenceField(_("reason"))
    operation = models.CharField(_("operation"), max_length=60)
    amazon_code = models.CharField(_("Amazon's code"), max_length=80, blank=True)
    request_ids = models.JSONField(default=list, blank=True)
    times = models.PositiveIntegerField(_("times"), default=1)
    first_at = models.DateTimeField(_("since"))
    last_at = models.DateTimeField(_("last seen"))
    retry_at = models.DateTimeField(_("tried again"))

    class Meta:
        ordering = ("account", "kind", "marketplace_id")
        verbose_name = _("reading issue")
        verbose_name_plural = _("reading issues")
        constraints = (
            models.UniqueConstraint(
                fields=["account", "kind", "marketplace_id"], name="reading_issue_once"
            ),
        )

    def __str__(self) -> str:
        return f"{self.kind} {self.marketplace_id} of {self.account_id}: {self.cause}"

    @property
    def is_fact(self) -> bool:
        """Tell whether Amazon said something lasting of the account."""
        return bool(self.cause == self.Cause.REFUSED)
