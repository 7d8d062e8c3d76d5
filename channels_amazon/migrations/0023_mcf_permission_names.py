"""Names the permissions on MCF orders as their model is named; their codes stay."""

from __future__ import annotations

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

_OLD = "FBA order of the store"
_NEW = "MCF order"


def rename(apps: Apps, old: str, new: str) -> None:
    """Replace the model's name: Django gives it when it makes a permission, once."""
    permissions = apps.get_model("auth", "Permission").objects.filter(
        content_type__app_label="channels_amazon",
        content_type__model="fulfillmentorder",
    )
    for row in permissions:
        row.name = row.name.replace(old, new)
        row.save(update_fields=["name"])


def forwards(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Say "MCF order" in the permissions' names."""
    rename(apps, _OLD, _NEW)


def backwards(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Say it as the earlier version did."""
    rename(apps, _NEW, _OLD)


class Migration(migrations.Migration):
    dependencies = [
        ("channels_amazon", "0022_plain_names"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]

    operations = [migrations.RunPython(forwards, backwards)]
