"""How often an automatic report was confirmed; levels below zero by an index."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("channels_amazon", "0029_installation"),
    ]

    operations = [
        migrations.AddField(
            model_name="healthreport",
            name="confirmations",
            field=models.PositiveIntegerField(default=0),
        ),
        migrations.AddField(
            model_name="healthreport",
            name="confirmed_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="healthreport",
            name="is_automatic",
            field=models.BooleanField(default=False),
        ),
        migrations.AddIndex(
            model_name="stocklevel",
            index=models.Index(
                condition=models.Q(("on_hand__lt", 0)),
                fields=["variant"],
                name="level_below_zero",
            ),
        ),
    ]
