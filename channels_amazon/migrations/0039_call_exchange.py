"""Keeps what was sent and answered, redacted, of calls to Amazon that failed."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("channels_amazon", "0038_page_indexes"),
    ]

    operations = [
        migrations.AddField(
            model_name="apicall",
            name="exchange",
            field=models.JSONField(blank=True, null=True),
        ),
    ]
