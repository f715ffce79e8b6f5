"""The site's addresses with those of the demo."""

from django.urls import include, path

from marketplace.urls import handler400, handler500, urlpatterns

__all__ = ["handler400", "handler500", "urlpatterns"]

urlpatterns = [*urlpatterns, path("demo/", include("marketplace.demo.urls"))]
