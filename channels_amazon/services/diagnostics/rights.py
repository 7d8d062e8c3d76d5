"""Writes down each change of rights of a row that is saved or deleted; services layer.

It listens to the rows themselves, so pages, commands, cascades and a shell pass here.
Django tells nobody of a statement for many rows: memberships turn theirs into one save
each (models/store.py), users and stores do not. Their rights are saved row by row.
"""

from __future__ import annotations

from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.models import User
from django.db.models import Model, QuerySet
from django.db.models.signals import post_delete, post_save, pre_save

from channels_amazon.models import Store, StoreMember
from channels_amazon.services.diagnostics.actor import current_actor
from channels_amazon.services.diagnostics.audit import Audited, audit
from channels_amazon.wording import Sentence, sentence

# Where a row keeps, between its two signals, how it was before.
_BEFORE = "_rights_before"

_ROLES = {
    StoreMember.Role.OWNER: sentence("owner"),
    StoreMember.Role.OPERATOR: sentence("operator"),
    StoreMember.Role.VIEWER: sentence("viewer"),
}


def listen() -> None:
    """Hear of every change of a membership, a user and a store from now on."""
    user = get_user_model()
    for model, saved, deleted in (
        (StoreMember, _member_saved, _member_deleted),
        (user, _user_saved, _user_deleted),
        (Store, _store_saved, _store_deleted),
    ):
        pre_save.connect(_remember, model, dispatch_uid="rights")
        post_save.connect(saved, model, dispatch_uid="rights")
        post_delete.connect(deleted, model, dispatch_uid="rights")


# The columns that say what somebody may do.
_COLUMNS: dict[str, frozenset[str]] = {
    "StoreMember": frozenset({"store", "user", "role", "sees_personal_data"}),
    "User": frozenset({"is_active", "is_staff", "is_superuser", "password"}),
    "Store": frozenset({"plan"}),
}


def _remember(sender: type[Model], instance: Any, **kwargs: Any) -> None:
    """Read the row as it is before it is saved, where the save concerns rights."""
    named = kwargs.get("update_fields")
    columns = _COLUMNS[sender.__name__]
    before = None
    if instance.pk is not None and (named is None or columns & set(named)):
        before = sender._default_manager.filter(pk=instance.pk).first()
    setattr(instance, _BEFORE, before)


def _member_saved(instance: StoreMember, created: bool, **kwargs: Any) -> None:
    before: StoreMember | None = getattr(instance, _BEFORE, None)
    if before is not None and _whose(before) != _whose(instance):
        # It was handed over: one has lost it, another one has it.
        _tell_removed(before, is_store_left=True)
        before = None
    elif before is None and not created:
        return
    if before is None:
        message = sentence(
            "%(user)s became a member of %(store)s: %(after)s.",
            user=display_name(instance.user),
            store=instance.store.name,
            after=_rights_of(instance),
        )
        _tell("member.added", message, instance.store_id, display_name(instance.user))
    elif _rights_of(before) != _rights_of(instance):
        message = sentence(
            "The membership of %(user)s in %(store)s was changed from %(before)s to "
            "%(after)s.",
            user=display_name(instance.user),
            store=instance.store.name,
            before=_rights_of(before),
            after=_rights_of(instance),
        )
        _tell("member.changed", message, instance.store_id, display_name(instance.user))


def _member_deleted(instance: StoreMember, origin: Any = None, **kw: Any) -> None:
    _tell_removed(instance, is_store_left=not _is_of(origin, Store))


def _tell_removed(member: StoreMember, *, is_store_left: bool) -> None:
    message = sentence(
        "%(user)s is no longer a member of %(store)s; before: %(before)s.",
        user=display_name(member.user),
        store=member.store.name,
        before=_rights_of(member),
    )
    store_id = member.store_id if is_store_left else None
    _tell("member.removed", message, store_id, display_name(member.user))


def _user_saved(instance: User, created: bool, **kwargs: Any) -> None:
    name = display_name(instance)
    if created:
        message = sentence(
            "The user %(user)s was created: %(after)s.",
            user=name,
            after=_access_of(instance),
        )
        _tell("user.created", message, None, name)
        return
    before: User | None = getattr(instance, _BEFORE, None)
    if before is None:
        return
    if _access_of(before) != _access_of(instance):
        message = sentence(
            "The rights of the user %(user)s were changed from %(before)s to "
            "%(after)s.",
            user=name,
            before=_access_of(before),
            after=_access_of(instance),
        )
        _tell("user.changed", message, None, name)
    # A password alone is saved when the same one is only hashed anew at a sign-in.
    is_rehash = set(kwargs.get("update_fields") or ()) == {"password"}
    if before.password != instance.password and not is_rehash:
        message = sentence("The password of the user %(user)s was changed.", user=name)
        _tell("user.password_changed", message, None, name)


def _user_deleted(instance: User, **kwargs: Any) -> None:
    name = display_name(instance)
    message = sentence("The user %(user)s was deleted.", user=name)
    _tell("user.deleted", message, None, name)


def _store_saved(instance: Store, created: bool, **kwargs: Any) -> None:
    before: Store | None = getattr(instance, _BEFORE, None)
    if created:
        message = sentence(
            "The store %(store)s was created, on the plan %(after)s.",
            store=instance.name,
            after=instance.plan_name,
        )
        _tell("store.created", message, instance.pk, instance.slug)
    elif before is not None and before.plan != instance.plan:
        message = sentence(
            "The plan of %(store)s was changed from %(before)s to %(after)s.",
            store=instance.name,
            before=before.plan_name,
            after=instance.plan_name,
        )
        _tell("store.plan_changed", message, instance.pk, instance.slug)


def _store_deleted(instance: Store, **kwargs: Any) -> None:
    message = sentence(
        "The store %(store)s was deleted with all that belonged to it.",
        store=instance.name,
    )
    _tell("store.deleted", message, None, instance.slug)


def _tell(code: str, message: Sentence, store_id: int | None, whom: str) -> None:
    audit(
        Audited(
            code=code,
            message=message,
            store_id=store_id,
            reference=whom,
            actor=current_actor(),
        )
    )


def display_name(user: User) -> str:
    """Return the user's name; one that is an e-mail address passes the redaction."""
    return user.get_username().replace("@", "%40")


def _whose(member: StoreMember) -> tuple[int, int]:
    return member.store_id, member.user_id


def _rights_of(member: StoreMember) -> Sentence:
    role = _ROLES[StoreMember.Role(member.role)]
    if member.sees_personal_data:
        return sentence("%(role)s, sees personal data", role=role)
    return sentence("%(role)s, does not see personal data", role=role)


def _access_of(user: User) -> Sentence:
    if not user.is_active:
        return sentence("may not sign in")
    if user.is_superuser:
        return sentence("runs the installation")
    if user.is_staff:
        return sentence("may sign in")
    return sentence("may not sign in")


def _is_of(origin: Any, model: type[Model]) -> bool:
    """Tell whether rows of `model` are what is being deleted, with all below them."""
    if isinstance(origin, QuerySet):
        return origin.model is model
    return isinstance(origin, model)
