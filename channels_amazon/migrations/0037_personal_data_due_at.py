"""Keeps when personal data must go; the purge fills it in."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("channels_amazon", "0036_store_language_and_currency"),
    ]

    operations = [
        migrations.AddField(
            model_name="orderpersonaldata",
            name="due_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AlterField(
            model_name="orderpersonaldata",
            name="store",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="channels_amazon.store",
            ),
        ),
        migrations.AddIndex(
            model_name="orderpersonaldata",
            index=models.Index(fields=["store", "due_at"], name="personal_data_due"),
        ),
        migrations.AddIndex(
            model_name="orderpersonaldata",
            index=models.Index(
                fields=["store", "received_at"], name="personal_data_oldest"
            ),
        ),
    ]
