"""Keeps up to when an account's orders must be read before its quantities rise."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("channels_amazon", "0032_store_time_zone"),
    ]

    operations = [
        migrations.AddField(
            model_name="amazonaccount",
            name="behind_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
    ]
