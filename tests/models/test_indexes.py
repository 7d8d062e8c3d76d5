"""No key has an index of its own where one of several columns begins with it."""

from __future__ import annotations

from collections.abc import Iterator

from django.apps import apps
from django.db.models import ForeignKey, Model, UniqueConstraint

# These have so many rows that an index more is felt.
GROWING = frozenset(
    {
        "apicall",
        "diagnosticentry",
        "latencyhour",
        "notification",
        "order",
        "orderline",
        "orderpersonaldata",
        "personaldataword",
        "parcel",
        "shipment",
        "shipmentline",
        "stockmovement",
        "storeorderline",
        "syncrun",
    }
)


def first_columns(model: type[Model]) -> set[str]:
    """Return what the model's indexes of all rows begin with."""
    meta = model._meta
    indexes = [one for one in meta.indexes if one.condition is None and one.fields]
    unique = [
        one
        for one in meta.constraints
        if isinstance(one, UniqueConstraint) and one.condition is None and one.fields
    ]
    return {one.fields[0].lstrip("-") for one in (*indexes, *unique)}


def repeated() -> Iterator[str]:
    """Yield the keys of growing tables that have an index too many, or none at all."""
    for model in apps.get_app_config("channels_amazon").get_models():
        if model._meta.model_name not in GROWING:
            continue
        first = first_columns(model)
        for field in model._meta.concrete_fields:
            if isinstance(field, ForeignKey) and not field.unique:
                if vars(field)["db_index"] == (field.name in first):
                    yield f"{model._meta.model_name}.{field.name}"


def test_no_key_of_a_growing_table_has_two_indexes_or_none() -> None:
    assert not list(repeated())
