from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("channels_amazon", "0011_mcf_permissions")]

    operations = [
        # Django renames a column inside a unique_together, not inside Meta.indexes:
        # the index goes before the renaming and comes back after it.
        migrations.RemoveIndex(model_name="shipment", name="shipment_waiting"),
        migrations.RenameField(
            model_name="shipment",
            old_name="send_after",
            new_name="next_attempt_at",
        ),
        migrations.AddIndex(
            model_name="shipment",
            index=models.Index(
                condition=models.Q(("state", "waiting")),
                fields=["next_attempt_at"],
                name="shipment_waiting",
            ),
        ),
    ]
