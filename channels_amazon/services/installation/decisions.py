"""Writes what a person says of a database that is paused; services layer."""

from __future__ import annotations

import uuid

from django.db import transaction
from django.utils import timezone

from channels_amazon.models import Installation
from channels_amazon.rules.installation.behind import BehindCause
from channels_amazon.rules.installation.identity import Standing
from channels_amazon.services.diagnostics.entries import Entry, Level, record
from channels_amazon.services.installation import facts, guard, presence
from channels_amazon.services.jobs.heartbeats import host_name
from channels_amazon.wording import Sentence, sentence

Decision = Installation.Decision


def confirm(*, actor: str) -> None:
    """Let this database and this host be the installation; it reads first, then works.

    Nothing changes where they are already.
    """
    with transaction.atomic():
        row = _locked(actor)
        state = guard.look()
        if state.standing == Standing.AT_HOME:
            return
        now = timezone.now()
        if state.standing != Standing.JOINS:
            # What was sold since the copy was made is not known here.
            row.behind_cause, row.behind_at = BehindCause.RESTORED, None
            row.restored_at = now
        row.database = facts.database_identity()
        row.decision = Decision.INSTALLATION
        row.decided_at, row.decided_by = now, actor[:150]
        row.save()
        presence.write_host(row, uuid.uuid4().hex, now)
        _record(
            sentence(
                "%(host)s with its database is the installation now.", host=host_name()
            ),
            actor,
        )
    guard.forget()


def mark_copy(*, actor: str) -> None:
    """Keep this database paused for good, until somebody confirms it."""
    with transaction.atomic():
        row = _locked(actor)
        row.decision = Decision.COPY
        row.decided_at, row.decided_by = timezone.now(), actor[:150]
        row.save()
        _record(
            sentence("The database at %(host)s is a copy.", host=host_name()), actor
        )
    guard.forget()


def _locked(actor: str) -> Installation:
    Installation.objects.get_or_create(
        defaults={
            "database": facts.database_identity(),
            "decided_at": timezone.now(),
            "decided_by": actor[:150],
        }
    )
    return Installation.objects.select_for_update(no_key=True).get()


def _record(message: Sentence, actor: str) -> None:
    record(
        Entry(
            code="installation.decided",
            level=Level.INFO,
            message=message,
            reference=host_name(),
            actor=actor,
        )
    )
