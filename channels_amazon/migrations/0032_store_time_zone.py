"""Gives a store its time zone; none is chosen for those there are."""

from django.db import migrations, models

from channels_amazon.models.store import validate_time_zone


class Migration(migrations.Migration):
    dependencies = [
        ("channels_amazon", "0031_write_proof_and_webhook_test"),
    ]

    operations = [
        migrations.AddField(
            model_name="store",
            name="time_zone",
            field=models.CharField(
                blank=True,
                default="",
                help_text="As Asia/Shanghai or Europe/Berlin; empty: UTC.",
                max_length=64,
                validators=[validate_time_zone],
                verbose_name="time zone",
            ),
        ),
    ]
