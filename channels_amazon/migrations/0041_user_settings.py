"""Keeps what a user chose for themselves; nobody has chosen anything yet."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from channels_amazon.models.store import validate_time_zone


class Migration(migrations.Migration):
    dependencies = [
        ("channels_amazon", "0040_words_of_states"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="UserSettings",
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
                    "time_zone",
                    models.CharField(
                        blank=True,
                        default="",
                        max_length=64,
                        validators=[validate_time_zone],
                        verbose_name="time zone",
                    ),
                ),
                (
                    "file_time_zone",
                    models.CharField(
                        blank=True,
                        default="",
                        max_length=64,
                        validators=[validate_time_zone],
                        verbose_name="time zone of files",
                    ),
                ),
                (
                    "user",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="user",
                    ),
                ),
            ],
            options={
                "verbose_name": "settings of a user",
                "verbose_name_plural": "settings of users",
            },
        ),
    ]
