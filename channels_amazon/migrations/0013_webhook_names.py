from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("channels_amazon", "0012_shipping_names")]

    operations = [
        # Its condition names a column: it goes before the columns are renamed.
        migrations.RemoveIndex(model_name="order", name="order_to_tell"),
        migrations.RenameField("order", "tell_since", "webhook_pending_since"),
        migrations.RenameField("order", "tell_after", "webhook_retry_at"),
        migrations.RenameField("order", "tell_attempts", "webhook_attempts"),
        migrations.RenameField("order", "told_at", "webhook_sent_at"),
        migrations.AddIndex(
            model_name="order",
            index=models.Index(
                fields=["account", "webhook_retry_at"],
                condition=models.Q(webhook_pending_since__isnull=False),
                name="order_webhook_pending",
            ),
        ),
    ]
