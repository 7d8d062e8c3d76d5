#!/usr/bin/env python
"""Run Django's commands with Shoplink's settings."""

import os
import sys

from django.core.management import execute_from_command_line

from shoplink import process_output


def main() -> None:
    """Run the command named on the command line."""
    process_output.install()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shoplink.settings")
    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
