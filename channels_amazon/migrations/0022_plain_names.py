"""Labels in plain words, and the sources of parcels as choices: no row changes."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("channels_amazon", "0021_require_personal_data_store"),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="orderreport",
            name="order_report_one_wish",
        ),
        migrations.AlterField(
            model_name="orderreport",
            name="orders_changed",
            field=models.PositiveIntegerField(default=0, verbose_name="changed"),
        ),
        migrations.AlterField(
            model_name="parcel",
            name="source",
            field=models.CharField(
                choices=[("file", "A person's file"), ("api", "The store's API")],
                max_length=12,
            ),
        ),
        migrations.AlterField(
            model_name="syncrun",
            name="rows_quarantined",
            field=models.PositiveIntegerField(default=0, verbose_name="quarantined"),
        ),
        migrations.AlterField(
            model_name="syncrun",
            name="state",
            field=models.CharField(
                choices=[
                    ("running", "Running"),
                    ("done", "Done"),
                    ("waiting", "Waiting for quota"),
                    ("failed", "Failed, will retry"),
                    ("blocked", "Needs the merchant"),
                    ("abandoned", "Interrupted"),
                ],
                default="running",
                max_length=10,
                verbose_name="state",
            ),
        ),
        migrations.AddConstraint(
            model_name="orderreport",
            constraint=models.UniqueConstraint(
                condition=models.Q(("attempts", 0), ("state", "wanted")),
                fields=("account", "purpose"),
                name="order_report_one_request",
            ),
        ),
    ]
