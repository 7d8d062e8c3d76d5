"""Gives each process a heartbeat of its own: they may hold different keys."""

from __future__ import annotations

from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor


def forget(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Delete the signs of life, of which the earlier form takes one a kind and host."""
    apps.get_model("channels_amazon", "Heartbeat").objects.all().delete()


class Migration(migrations.Migration):
    dependencies = [("channels_amazon", "0023_mcf_permission_names")]

    operations = [
        migrations.RemoveConstraint(model_name="heartbeat", name="heartbeat_once"),
        migrations.RunPython(migrations.RunPython.noop, forget),
        migrations.AlterField(
            model_name="heartbeat",
            name="kind",
            field=models.CharField(
                choices=[
                    ("supervisor", "Worker supervisor"),
                    ("queue", "Task queue"),
                    ("consumer", "Notification consumer"),
                    ("web", "Web process"),
                ],
                max_length=12,
            ),
        ),
        migrations.AddConstraint(
            model_name="heartbeat",
            constraint=models.UniqueConstraint(
                fields=("kind", "host", "pid"), name="heartbeat_once_a_process"
            ),
        ),
    ]
