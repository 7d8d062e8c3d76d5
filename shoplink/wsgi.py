"""The WSGI entry point that gunicorn serves."""

import logging
import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shoplink.settings")

from shoplink.body_limit import with_deadline

application = with_deadline(get_wsgi_application())

# Only now: the models are loaded.
from django.db import DatabaseError, connection  # noqa: E402

from channels_amazon.services.installation import presence  # noqa: E402

try:
    # So that a host that serves pages alone is known to the installation.
    presence.arrive()
except DatabaseError as error:
    # Pages say what is wrong; they look themselves whether this host may work.
    logging.getLogger(__name__).warning("not noted error=%s", type(error).__name__)
finally:
    # A forked worker must not share it.
    connection.close()
