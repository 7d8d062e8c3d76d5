"""The addresses of the project: the admin site and the application's.

The probes have none: `probes.py` answers them before any address is looked up.
"""

from django.urls import include, path
from django.views.generic import RedirectView

from channels_amazon.admin.site import site

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="admin:index"), name="home"),
    path("i18n/", include("django.conf.urls.i18n")),
    # The application's pages stand before the admin site's catch-all pattern.
    path("", include("channels_amazon.urls")),
    path("admin/", site.urls),
]

handler400 = "channels_amazon.views.errors.bad_request"
handler403 = "channels_amazon.views.errors.forbidden"
handler404 = "channels_amazon.views.errors.not_found"
handler500 = "channels_amazon.views.errors.server_error"
