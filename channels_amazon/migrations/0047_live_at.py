"""Accounts go live by a person's word; those that are connected already stay live."""

from __future__ import annotations

from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.utils import timezone


def stay_live(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Let what pushes its quantities today go on; who was disconnected begins anew."""
    account_model = apps.get_model("channels_amazon", "AmazonAccount")
    connected = account_model.objects.exclude(state="disconnected")
    connected.filter(live_at=None).update(live_at=timezone.now())


class Migration(migrations.Migration):
    dependencies = [("channels_amazon", "0046_exchange_rates")]

    operations = [
        migrations.AddField(
            model_name="amazonaccount",
            name="live_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="amazonaccount",
            name="live_by",
            field=models.CharField(blank=True, default="", max_length=150),
            preserve_default=False,
        ),
        migrations.RunPython(stay_live, migrations.RunPython.noop),
    ]
