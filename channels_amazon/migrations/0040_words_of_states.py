"""Says of a store order and of the audit log what they are; no column changes."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("channels_amazon", "0039_call_exchange"),
    ]

    operations = [
        migrations.AlterModelOptions(
            name="auditentry",
            options={
                "ordering": ("-pk",),
                "verbose_name": "audit entry",
                "verbose_name_plural": "audit entries",
            },
        ),
        migrations.AlterField(
            model_name="storeorder",
            name="state",
            field=models.CharField(
                choices=[
                    ("new", "New"),
                    ("local", "For the store to ship"),
                    ("at_amazon", "At Amazon"),
                    ("done", "Done"),
                    ("cancelled", "Cancelled"),
                    ("needs_person", "Needs a person"),
                ],
                default="new",
                max_length=12,
                verbose_name="state",
            ),
        ),
    ]
