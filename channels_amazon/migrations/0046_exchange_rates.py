"""Tables of the exchange rates, and the maintenance that fetches them."""

import django.db.models.deletion
from django.db import migrations, models

import channels_amazon.models.sentence


class Migration(migrations.Migration):
    dependencies = [
        ("channels_amazon", "0045_stock_documents"),
    ]

    operations = [
        migrations.CreateModel(
            name="EuroRate",
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
                ("day", models.DateField(verbose_name="day")),
                ("currency", models.CharField(max_length=3, verbose_name="currency")),
                (
                    "value",
                    models.DecimalField(
                        decimal_places=9, max_digits=19, verbose_name="rate"
                    ),
                ),
            ],
            options={
                "ordering": ("-day", "currency"),
            },
        ),
        migrations.CreateModel(
            name="RatesFetch",
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
                (
                    "only",
                    models.BooleanField(default=True, editable=False, unique=True),
                ),
                ("attempted_at", models.DateTimeField(blank=True, null=True)),
                ("succeeded_at", models.DateTimeField(blank=True, null=True)),
                ("next_at", models.DateTimeField(blank=True, null=True)),
                ("failures", models.PositiveIntegerField(default=0)),
                ("code", models.CharField(blank=True, max_length=60)),
                (
                    "error",
                    channels_amazon.models.sentence.SentenceField(blank=True),
                ),
            ],
        ),
        migrations.CreateModel(
            name="ManualRate",
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
                ("base", models.CharField(max_length=3)),
                ("quote", models.CharField(max_length=3, verbose_name="currency")),
                (
                    "value",
                    models.DecimalField(
                        decimal_places=9, max_digits=19, verbose_name="rate"
                    ),
                ),
                ("day", models.DateField(verbose_name="day")),
                ("reason", models.CharField(max_length=200, verbose_name="reason")),
                (
                    "actor",
                    models.CharField(blank=True, max_length=150, verbose_name="by"),
                ),
                (
                    "created_at",
                    models.DateTimeField(auto_now_add=True, verbose_name="at"),
                ),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
                ("ended_by", models.CharField(blank=True, max_length=150)),
                (
                    "store",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="manual_rates",
                        to="channels_amazon.store",
                    ),
                ),
            ],
            options={
                "ordering": ("-pk",),
            },
        ),
        migrations.AlterField(
            model_name="maintenancetask",
            name="name",
            field=models.CharField(
                choices=[
                    ("purge", "Purge"),
                    ("retention", "Retention"),
                    ("latency", "Latency"),
                    ("key_rotation", "Key Rotation"),
                    ("sales_pace", "Sales Pace"),
                    ("ledger", "Ledger"),
                    ("exchange_rates", "Exchange Rates"),
                ],
                max_length=20,
                unique=True,
            ),
        ),
        migrations.AddConstraint(
            model_name="eurorate",
            constraint=models.UniqueConstraint(
                fields=("day", "currency"), name="euro_rate_once_a_day"
            ),
        ),
        migrations.AddConstraint(
            model_name="ratesfetch",
            constraint=models.CheckConstraint(
                condition=models.Q(("only", True)), name="rates_fetch_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="manualrate",
            constraint=models.UniqueConstraint(
                condition=models.Q(("ended_at__isnull", True)),
                fields=("store", "base", "quote"),
                name="manual_rate_once",
            ),
        ),
    ]
