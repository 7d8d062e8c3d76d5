"""Has order ids found by a part: by their beginning, their end, their second group.

On PostgreSQL each is an index; one of patterns also serves the whole id. SQLite reads
the ids of all orders from the index there is, so it needs none.
"""

from __future__ import annotations

from typing import Any

from django.db import migrations, models

TABLE = "channels_amazon_order"
INDEXES = {
    "order_id_end": "reverse(amazon_order_id) text_pattern_ops",
    "order_id_second": "substring(amazon_order_id, 5) text_pattern_ops",
}


def add(_apps: Any, schema_editor: Any) -> None:
    """Add the indexes of expressions; in a model they would be made for SQLite too."""
    if schema_editor.connection.vendor != "postgresql":
        return
    for name, expression in INDEXES.items():
        schema_editor.execute(f"CREATE INDEX {name} ON {TABLE} ({expression})")
    # What an expression comes to is unknown until the table is looked at.
    schema_editor.execute(f"ANALYZE {TABLE}")


def drop(_apps: Any, schema_editor: Any) -> None:
    """Take the indexes away again."""
    if schema_editor.connection.vendor != "postgresql":
        return
    for name in INDEXES:
        schema_editor.execute(f"DROP INDEX IF EXISTS {name}")


class Migration(migrations.Migration):
    dependencies = [("channels_amazon", "0041_user_settings")]

    operations = [
        migrations.RemoveIndex("order", name="order_amazon_id"),
        migrations.AddIndex(
            "order",
            models.Index(
                fields=["amazon_order_id"],
                opclasses=["varchar_pattern_ops"],
                name="order_amazon_id",
            ),
        ),
        migrations.RunPython(add, drop),
    ]
