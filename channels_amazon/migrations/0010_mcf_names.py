from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("channels_amazon", "0009_order_flag_code")]

    operations = [
        migrations.RenameModel("FbaRule", "McfRule"),
        migrations.AlterModelOptions(
            name="mcfrule",
            options={
                "ordering": ("store", "name", "pk"),
                "verbose_name": "MCF rule",
                "verbose_name_plural": "MCF rules",
            },
        ),
        migrations.AlterField(
            model_name="mcfrule",
            name="store",
            field=models.ForeignKey(
                on_delete=models.deletion.CASCADE,
                related_name="mcf_rules",
                to="channels_amazon.store",
                verbose_name="store",
            ),
        ),
        migrations.AlterModelOptions(
            name="fulfillmentorder",
            options={
                "ordering": ("-pk",),
                "verbose_name": "MCF order",
                "verbose_name_plural": "MCF orders",
            },
        ),
        migrations.RemoveIndex(model_name="fulfillmentorder", name="fulfillment_open"),
        migrations.RenameField("fulfillmentorder", "send_after", "next_attempt_at"),
        migrations.RenameField("fulfillmentorder", "look_after", "next_poll_at"),
        migrations.AddIndex(
            model_name="fulfillmentorder",
            index=models.Index(
                fields=["account", "next_poll_at"],
                condition=models.Q(ended_at__isnull=True),
                name="fulfillment_open",
            ),
        ),
    ]
