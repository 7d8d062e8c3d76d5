"""Frees the accounts that an earlier version gave up because a key was missing.

The authorisation was never refused by Amazon: where the key is back, the jobs go on,
where it is not, they say so and try again.
"""

from __future__ import annotations

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.utils import timezone

_CODE = "token.undecryptable"


def free(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Connect them again, their jobs due; the minute's net gives these their rank."""
    stopped = apps.get_model("channels_amazon", "AmazonAccount").objects.filter(
        state="needs_authorization", state_code=_CODE
    )
    accounts = list(stopped.values_list("pk", flat=True))
    stopped.update(state="connected", state_code="")
    apps.get_model("channels_amazon", "SyncJob").objects.filter(
        account_id__in=accounts, blocked_code=_CODE
    ).update(blocked_code="", blocked_message="", due_at=timezone.now())


class Migration(migrations.Migration):
    dependencies = [("channels_amazon", "0024_heartbeat_per_process")]

    # What was freed is not given up again by going back.
    operations = [migrations.RunPython(free, migrations.RunPython.noop)]
