"""The project as an application: what holds for every process of it."""

from __future__ import annotations

from django.apps import AppConfig
from django.db.backends.signals import connection_created

from shoplink.database_errors import withhold_values
from shoplink.sqlite_file import close_to_others


class ShoplinkConfig(AppConfig):
    """Configure what is no matter of the application's code."""

    name = "shoplink"

    def ready(self) -> None:
        """Keep the database's file and its errors' values to those they concern."""
        connection_created.connect(close_to_others, dispatch_uid="sqlite-file")
        connection_created.connect(withhold_values, dispatch_uid="errors' values")
