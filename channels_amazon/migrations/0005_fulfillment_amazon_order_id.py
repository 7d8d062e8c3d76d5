"""Gives placed store orders the id under which Amazon lists them."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("channels_amazon", "0004_order_shipped_at"),
    ]

    operations = [
        migrations.AddField(
            model_name="fulfillmentorder",
            name="amazon_order_id",
            field=models.CharField(blank=True, default="", max_length=40),
        ),
        migrations.AddIndex(
            model_name="fulfillmentorder",
            index=models.Index(
                fields=["amazon_order_id"], name="fulfillment_amazon_id"
            ),
        ),
    ]
