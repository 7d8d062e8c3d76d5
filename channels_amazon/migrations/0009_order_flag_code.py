"""Drop a column that nothing ever wrote: the flag of an order's transition."""

from __future__ import annotations

from typing import ClassVar

from django.db import migrations


class Migration(migrations.Migration):
    dependencies: ClassVar = [("channels_amazon", "0008_order_names")]

    operations: ClassVar = [migrations.RemoveField("order", "flag_code")]
