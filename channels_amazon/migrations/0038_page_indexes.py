"""Adds what pages with a million rows are read by; drops the keys' own indexes.

Those began as one of several columns does, which serves the key as well.
"""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("channels_amazon", "0037_personal_data_due_at"),
    ]

    operations = [
        migrations.AlterField(
            model_name="apicall",
            name="account",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="calls",
                to="channels_amazon.amazonaccount",
            ),
        ),
        migrations.AlterField(
            model_name="diagnosticentry",
            name="account",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="diagnostics",
                to="channels_amazon.amazonaccount",
            ),
        ),
        migrations.AlterField(
            model_name="diagnosticentry",
            name="store",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="diagnostics",
                to="channels_amazon.store",
            ),
        ),
        migrations.AlterField(
            model_name="latencyhour",
            name="account",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="channels_amazon.amazonaccount",
            ),
        ),
        migrations.AlterField(
            model_name="notification",
            name="account",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="notifications",
                to="channels_amazon.amazonaccount",
            ),
        ),
        migrations.AlterField(
            model_name="order",
            name="account",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="orders",
                to="channels_amazon.amazonaccount",
            ),
        ),
        migrations.AlterField(
            model_name="orderline",
            name="order",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="lines",
                to="channels_amazon.order",
            ),
        ),
        migrations.AlterField(
            model_name="parcel",
            name="store",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="parcels",
                to="channels_amazon.store",
            ),
        ),
        migrations.AlterField(
            model_name="personaldataword",
            name="personal_data",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="words",
                to="channels_amazon.orderpersonaldata",
            ),
        ),
        migrations.AlterField(
            model_name="shipment",
            name="order",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="shipments",
                to="channels_amazon.order",
            ),
        ),
        migrations.AlterField(
            model_name="shipmentline",
            name="shipment",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="lines",
                to="channels_amazon.shipment",
            ),
        ),
        migrations.AlterField(
            model_name="stockmovement",
            name="variant",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="movements",
                to="channels_amazon.variant",
            ),
        ),
        migrations.AlterField(
            model_name="storeorderline",
            name="order",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="lines",
                to="channels_amazon.storeorder",
            ),
        ),
        migrations.AlterField(
            model_name="syncrun",
            name="account",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="runs",
                to="channels_amazon.amazonaccount",
            ),
        ),
        migrations.AlterField(
            model_name="syncrun",
            name="job",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="runs",
                to="channels_amazon.syncjob",
            ),
        ),
        migrations.RemoveIndex(
            model_name="apicall",
            name="call_account",
        ),
        migrations.RemoveIndex(
            model_name="apicall",
            name="call_op",
        ),
        migrations.RemoveIndex(
            model_name="apicall",
            name="call_started",
        ),
        migrations.RemoveIndex(
            model_name="diagnosticentry",
            name="entry_account",
        ),
        migrations.RemoveIndex(
            model_name="diagnosticentry",
            name="entry_at",
        ),
        migrations.RemoveIndex(
            model_name="syncrun",
            name="run_account",
        ),
        migrations.AddIndex(
            model_name="apicall",
            index=models.Index(fields=["-started_at", "-id"], name="call_newest"),
        ),
        migrations.AddIndex(
            model_name="apicall",
            index=models.Index(
                fields=["account", "-started_at", "-id"], name="call_account_newest"
            ),
        ),
        migrations.AddIndex(
            model_name="apicall",
            index=models.Index(
                fields=["operation", "-started_at", "-id"], name="call_op_newest"
            ),
        ),
        migrations.AddIndex(
            model_name="apicall",
            index=models.Index(
                condition=models.Q(
                    ("status__gte", 300), ("status__isnull", True), _connector="OR"
                ),
                fields=["-started_at", "-id", "status", "account", "operation"],
                name="call_failed",
            ),
        ),
        migrations.AddIndex(
            model_name="diagnosticentry",
            index=models.Index(fields=["-at", "-id"], name="entry_newest"),
        ),
        migrations.AddIndex(
            model_name="diagnosticentry",
            index=models.Index(
                fields=["account", "-at", "-id"], name="entry_account_newest"
            ),
        ),
        migrations.AddIndex(
            model_name="diagnosticentry",
            index=models.Index(
                fields=["store", "-at", "-id"], name="entry_store_newest"
            ),
        ),
        migrations.AddIndex(
            model_name="diagnosticentry",
            index=models.Index(
                condition=models.Q(("level", "info"), _negated=True),
                fields=["-at", "-id", "level", "account"],
                name="entry_problems",
            ),
        ),
        migrations.AddIndex(
            model_name="diagnosticentry",
            index=models.Index(fields=["request_id"], name="entry_request_id"),
        ),
        migrations.AddIndex(
            model_name="notification",
            index=models.Index(
                fields=["account", "received_at", "state"], name="notification_day"
            ),
        ),
        migrations.AddIndex(
            model_name="order",
            index=models.Index(
                fields=["status", "-ordered_at", "-id"], name="order_status"
            ),
        ),
        migrations.AddIndex(
            model_name="order",
            index=models.Index(
                condition=models.Q(
                    ("fulfilled_by", "merchant"),
                    ("status__in", ["unshipped", "partially_shipped"]),
                ),
                fields=["ship_by", "id"],
                name="order_ship_by",
            ),
        ),
        migrations.AddIndex(
            model_name="order",
            index=models.Index(
                condition=models.Q(
                    ("cancel_declined_at__isnull", True), ("cancel_requested", True)
                ),
                fields=["-ordered_at", "-id"],
                name="order_cancel",
            ),
        ),
        migrations.AddIndex(
            model_name="order",
            index=models.Index(
                condition=models.Q(("quarantine_code", ""), _negated=True),
                fields=["-ordered_at", "-id"],
                name="order_quarantine",
            ),
        ),
        migrations.AddIndex(
            model_name="shipment",
            index=models.Index(fields=["state"], name="shipment_state"),
        ),
        migrations.AddIndex(
            model_name="syncrun",
            index=models.Index(fields=["-started_at", "-id"], name="run_newest"),
        ),
        migrations.AddIndex(
            model_name="syncrun",
            index=models.Index(
                fields=["account", "-started_at", "-id"], name="run_account_newest"
            ),
        ),
        migrations.AddIndex(
            model_name="syncrun",
            index=models.Index(fields=["kind", "-started_at", "-id"], name="run_kind"),
        ),
        migrations.AddIndex(
            model_name="syncrun",
            index=models.Index(
                condition=models.Q(("state", "done"), _negated=True),
                fields=["-started_at", "-id", "state", "account"],
                name="run_not_done",
            ),
        ),
        migrations.AddIndex(
            model_name="storeorder",
            index=models.Index(fields=["-placed_at", "-id"], name="store_order_newest"),
        ),
        migrations.AddIndex(
            model_name="storeorder",
            index=models.Index(
                fields=["state", "-placed_at", "-id"], name="store_order_state"
            ),
        ),
    ]
