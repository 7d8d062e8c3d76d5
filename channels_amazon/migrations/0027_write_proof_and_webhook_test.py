"""A row that proves writes, and how far a store's test message is."""

from __future__ import annotations

from django.db import migrations, models

import channels_amazon.models.sentence


class Migration(migrations.Migration):
    """Add the table and the columns; they are cheap on any size of database."""

    dependencies = [("channels_amazon", "0023_mcf_permission_names")]

    operations = [
        migrations.CreateModel(
            name="WriteProof",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True,
                        primary_key=True,
                        serialize=False,
                        verbose_name="ID",
                    ),
                ),
                ("written_at", models.DateTimeField()),
            ],
        ),
        migrations.AddField(
            model_name="storeendpoint",
            name="test_state",
            field=models.CharField(
                blank=True,
                choices=[
                    ("waiting", "waits for a worker"),
                    ("sending", "is being sent"),
                    ("arrived", "arrived"),
                    ("failed", "did not arrive"),
                ],
                default="",
                max_length=10,
            ),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="storeendpoint",
            name="test_requested_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="storeendpoint",
            name="test_message",
            field=channels_amazon.models.sentence.SentenceField(blank=True, default=""),
            preserve_default=False,
        ),
    ]
