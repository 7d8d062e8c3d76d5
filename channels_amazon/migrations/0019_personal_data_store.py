"""Keep the store beside personal data, empty at first."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("channels_amazon", "0018_sparse_latency_bins")]

    operations = [
        migrations.AddField(
            model_name="orderpersonaldata",
            name="store",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="channels_amazon.store",
            ),
        ),
    ]
