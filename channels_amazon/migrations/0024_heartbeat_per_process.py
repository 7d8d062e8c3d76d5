"""Gives each process a heartbeat of its own: they may hold different keys."""

from __future__ import annotations

from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor


def keep_the_newest(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Delete all but the newest sign of life of each kind and host."""
    heartbeats = apps.get_model("channels_amazon", "Heartbeat").objects
    seen = set()
    for row in heartbeats.order_by("-beat_at", "-pk"):
        if (row.kind, row.host) in seen:
            row.delete()
        seen.add((row.kind, row.host))


class Migration(migrations.Migration):
    dependencies = [("channels_amazon", "0023_mcf_permission_names")]

    operations = [
        migrations.RemoveConstraint(model_name="heartbeat", name="heartbeat_once"),
        migrations.RunPython(migrations.RunPython.noop, keep_the_newest),
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
