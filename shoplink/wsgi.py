"""The WSGI entry point that gunicorn serves."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shoplink.settings")

from shoplink.body_limit import with_deadline

application = with_deadline(get_wsgi_application())
