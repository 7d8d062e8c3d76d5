#!/usr/bin/env python
"""Run Django's commands with Shoplink's settings."""

import os
import secrets
import sys

from django.core.management import execute_from_command_line

from shoplink import process_output, unready


def main() -> None:
    """Run the command named on the command line."""
    process_output.install()
    if sys.argv[1:2] == ["emulator"]:
        # The local Amazon uses no key, but the settings want them to be there.
        for name in ("SECRET_KEY", "FERNET_KEYS"):
            os.environ.setdefault(name, secrets.token_urlsafe(50))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shoplink.settings")
    try:
        execute_from_command_line(sys.argv)
    except Exception as error:
        # Settings that cannot be read end every command before it begins; the health
        # check is the one that has to say why, in the form that its readers know.
        if not unready.answers(sys.argv):
            raise
        sys.exit(unready.say_why(sys.argv, error))


if __name__ == "__main__":
    main()
