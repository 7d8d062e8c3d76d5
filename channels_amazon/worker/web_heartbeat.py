"""Shows that a web process lives, and which keys it holds; worker layer.

The web process is no worker, but what it encrypts the others must be able to read, so
the rotation of the keys has to know of it. In a thread, since a database that does not
answer must keep no page from saying so.
"""

from __future__ import annotations

import logging
import threading
import time

from django.db import Error, connections

from channels_amazon.rules.health.liveness import Process
from channels_amazon.services.installation import presence
from channels_amazon.services.jobs import heartbeats

logger = logging.getLogger(__name__)

WEB_SECONDS = 20.0


def start() -> None:
    """Beat in a thread for as long as this process lives; gunicorn.conf.py calls it."""
    threading.Thread(target=_beat_on, name="heartbeat", daemon=True).start()


def stop() -> None:
    """Take this process out of the living, as it ends in order."""
    try:
        heartbeats.end(Process.WEB)
    except Error as error:
        logger.warning("heartbeat stays error=%s", type(error).__name__)
    finally:
        connections.close_all()


def _beat_on() -> None:
    is_registered = False
    while True:
        try:
            # So that a host that serves pages alone is known to the installation.
            is_registered = is_registered or presence.register()
            heartbeats.beat(Process.WEB)
        except Error as error:
            logger.warning("heartbeat missed error=%s", type(error).__name__)
        finally:
            # A connection of its own between two beats would only be kept open.
            connections.close_all()
        time.sleep(WEB_SECONDS)
