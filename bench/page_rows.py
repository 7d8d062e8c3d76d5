"""Fills a database as large as a busy installation's; a process of the page benchmark.

Usage: python -m bench.page_rows ORDERS CALLS, on the migrated and empty database that
DATABASE_URL names. The database makes the rows itself, one statement a table; what is
few (stores, accounts, users) is made by the models. Row `i` of a table is the younger
the greater `i` is, and the shares of what needs a person are those of a busy store.
"""

from __future__ import annotations

import os
import sys

import django


def main(arguments: list[str]) -> None:
    """Set Django up and fill the database that DATABASE_URL names."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shoplink.settings")
    django.setup()
    orders, calls = (int(text) for text in arguments)
    from bench.page_filler import Filler
    from bench.page_tables import fill_all

    fill_all(Filler(), orders, calls)


if __name__ == "__main__":
    main(sys.argv[1:])
