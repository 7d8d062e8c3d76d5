"""Personal data without a store cannot be: no purge would find it."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("channels_amazon", "0020_fill_personal_data_store")]

    operations = [
        migrations.AlterField(
            model_name="orderpersonaldata",
            name="store",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="channels_amazon.store",
            ),
        ),
    ]
