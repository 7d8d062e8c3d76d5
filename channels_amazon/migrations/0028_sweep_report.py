"""Name the report that stands in for the sweep where Amazon refuses to list orders."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """Add a purpose to the choices of order reports; the column stays as it is."""

    dependencies = [("channels_amazon", "0027_reading_issues")]

    operations = [
        migrations.AlterField(
            model_name="orderreport",
            name="purpose",
            field=models.CharField(
                choices=[
                    ("first_pull", "First pull"),
                    ("backlog", "Backlog"),
                    ("daily", "Daily reconciliation"),
                    ("outage", "Reconciliation after an outage"),
                    ("sweep", "In place of the sweep"),
                ],
                max_length=12,
                verbose_name="purpose",
            ),
        ),
    ]
