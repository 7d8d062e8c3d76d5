"""The project as an application: what holds for every process of it."""

from __future__ import annotations

from django.apps import AppConfig
from django.contrib.auth.signals import user_logged_in
from django.db.backends.signals import connection_created

from shoplink.database_errors import withhold_values
from shoplink.session_limits import begin
from shoplink.sqlite_file import close_to_others


class ShoplinkConfig(AppConfig):
    """Configure what is no matter of the application's code."""

    name = "shoplink"

    def ready(self) -> None:
        """Guard the database's file and its errors' values; note sessions' begin."""
        connection_created.connect(close_to_others, dispatch_uid="sqlite-file")
        connection_created.connect(withhold_values, dispatch_uid="errors' values")
        user_logged_in.connect(begin, dispatch_uid="session-limits")
