"""How the admin looks: the settings of unfold, part of shoplink/settings.py."""

from __future__ import annotations

from typing import Any

from django.templatetags.static import static
from django.utils.translation import gettext_lazy as _

UNFOLD: dict[str, Any] = {
    "SITE_TITLE": "Shoplink",
    "SITE_HEADER": "Shoplink",
    "SITE_SUBHEADER": _("Your store and Amazon, kept true"),
    "SITE_SYMBOL": "sync_alt",
    "SITE_URL": None,
    "SITE_FAVICONS": [
        {
            "rel": "icon",
            "type": "image/svg+xml",
            "href": lambda request: static("channels_amazon/icon.svg"),
        }
    ],
    "SHOW_HISTORY": True,
    "SHOW_VIEW_ON_SITE": False,
    "SHOW_LANGUAGES": True,
    "LOGIN": {"form": "shoplink.sign_in.SignInForm"},
    "SIDEBAR": {
        "show_search": False,
        "show_all_applications": False,
        "navigation": "channels_amazon.admin.sidebar.navigation",
    },
}
