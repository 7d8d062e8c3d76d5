"""Names what checks a store's language and currency; no column changes."""

from django.db import migrations, models

from channels_amazon.models.store import validate_currency, validate_language


class Migration(migrations.Migration):
    dependencies = [
        ("channels_amazon", "0035_shipment_unanswered"),
    ]

    operations = [
        migrations.AlterField(
            model_name="store",
            name="currency",
            field=models.CharField(
                default="USD",
                max_length=3,
                validators=[validate_currency],
                verbose_name="currency",
            ),
        ),
        migrations.AlterField(
            model_name="store",
            name="language",
            field=models.CharField(
                default="en",
                max_length=10,
                validators=[validate_language],
                verbose_name="default language",
            ),
        ),
    ]
