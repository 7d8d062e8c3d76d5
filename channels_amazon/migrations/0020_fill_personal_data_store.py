"""Fill in the store of personal data: that of the order's account."""

from __future__ import annotations

from typing import Any

from django.db import migrations
from django.db.models import OuterRef, Subquery


def fill(apps: Any, schema_editor: Any) -> None:
    orders = apps.get_model("channels_amazon", "Order").objects
    rows = apps.get_model("channels_amazon", "OrderPersonalData").objects
    store = orders.filter(pk=OuterRef("order_id")).values("account__store_id")
    rows.filter(store=None).update(store_id=Subquery(store[:1]))


class Migration(migrations.Migration):
    dependencies = [("channels_amazon", "0019_personal_data_store")]

    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
