"""Keep when an order left: the purge of personal data counts from it."""

from __future__ import annotations

from typing import ClassVar

from django.db import migrations, models


class Migration(migrations.Migration):
    """Add the time to the order."""

    dependencies: ClassVar = [("channels_amazon", "0003_new_jobs")]

    operations: ClassVar = [
        migrations.AddField(
            model_name="order",
            name="shipped_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
    ]
