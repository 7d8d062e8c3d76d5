"""Keeps since when it is unknown whether Amazon got a shipment."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("channels_amazon", "0034_mark_unread_accounts"),
    ]

    operations = [
        migrations.AddField(
            model_name="shipment",
            name="unanswered_since",
            field=models.DateTimeField(blank=True, null=True),
        ),
    ]
