"""How the admin looks: the settings of unfold, part of shoplink/settings.py."""

from __future__ import annotations

from typing import Any

from django.templatetags.static import static
from django.urls import reverse
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
    "ACCOUNT": {
        "navigation": [
            {
                "title": _("Your settings"),
                "link": lambda request: reverse("amazon-user-settings"),
            },
            {
                "title": _("Change password"),
                "link": lambda request: reverse("admin:password_change"),
            },
        ],
    },
    "SIDEBAR": {
        "show_search": False,
        "show_all_applications": False,
        "navigation": "channels_amazon.admin.sidebar.navigation",
    },
}
