"""Renames the permissions on MCF rules, so that groups keep what they were granted."""

from __future__ import annotations

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

_CODENAMES = ("add_%s", "change_%s", "delete_%s", "view_%s")


def rename(apps: Apps, old: tuple[str, str], new: tuple[str, str]) -> None:
    """Rename the four permissions of the model from (model, words) to (model, words).

    Django renames a model's content type by itself and leaves its permissions.
    """
    permissions = apps.get_model("auth", "Permission").objects.filter(
        content_type__app_label="channels_amazon"
    )
    for pattern in _CODENAMES:
        for row in permissions.filter(codename=pattern % old[0]):
            row.codename = pattern % new[0]
            row.name = row.name.replace(old[1], new[1])
            row.save(update_fields=["codename", "name"])


def forwards(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Give the permissions the name of the model that they are for."""
    rename(apps, ("fbarule", "FBA rule"), ("mcfrule", "MCF rule"))


def backwards(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Give the permissions their old name again."""
    rename(apps, ("mcfrule", "MCF rule"), ("fbarule", "FBA rule"))


class Migration(migrations.Migration):
    dependencies = [
        ("channels_amazon", "0010_mcf_names"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]

    operations = [migrations.RunPython(forwards, backwards)]
