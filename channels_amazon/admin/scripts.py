"""The scripts of the admin's own pages: those that they use; admin layer."""

from __future__ import annotations

from django.conf import settings
from django.forms import Media

# For lists alone: it ticks their rows.
LIST_SCRIPTS = Media(js=["admin/js/actions.js"])


class FewScripts:
    """Leave out what Django sends with each page and no page here uses.

    `fills_slug` is for forms that make a short name from a name. What would make one
    of letters beyond ASCII (XRegExp, 60 kB) is for fields that nothing here has. A
    filter with scripts of its own would have to name them here.
    """

    fills_slug = False

    @property
    def media(self) -> Media:
        """Return the scripts of forms; a list has LIST_SCRIPTS too."""
        smaller = "" if settings.DEBUG else ".min"
        names = [
            f"vendor/jquery/jquery{smaller}",
            "jquery.init",
            "admin/RelatedObjectLookups",
            *(("urlify", "prepopulate") if self.fills_slug else ()),
        ]
        ours = "channels_amazon/access.js"
        return Media(js=[ours, *(f"admin/js/{name}.js" for name in names)])
