from django.conf import settings
from django.conf.urls.i18n import i18n_patterns
from django.contrib import admin
from django.urls import include, path

from marketplace import views

urlpatterns = [
    path("langue/", views.set_language, name="set_language"),
    path("stripe/", include("payments.webhook_urls")),
    path("agenda/", include("missions.feed_urls")),
]

urlpatterns += i18n_patterns(
    path("", views.home, name="home"),
    path("accueil/", views.after_login, name="after_login"),
    path("fonctionnement/", views.how_it_works, name="how_it_works"),
    path("devenir-prestataire/", views.for_professionals, name="for_professionals"),
    path("referencement-et-classement/", views.ranking, name="ranking"),
    path("avis-verifies/", views.reviews_policy, name="reviews_policy"),
    path("messagerie-securisee/", views.secure_inbox, name="secure_inbox"),
    path("mentions-legales/", views.legal_notice, name="legal_notice"),
    path("conditions-generales/", views.terms, name="terms"),
    path("confidentialite/", views.privacy, name="privacy"),
    path("mediateur/", views.mediator, name="mediator"),
    path("accessibilite/", views.accessibility, name="accessibility"),
    path("compte/", include("allauth.urls")),
    path("admin/", admin.site.urls),
    path("", include("accounts.urls")),
    path("", include("missions.urls")),
    path("", include("payments.urls")),
    path("", include("messaging.urls")),
    prefix_default_language=False,
)

if settings.DEMO:
    urlpatterns += [path("demo/", include("marketplace.demo.urls"))]

handler400 = views.bad_request
handler500 = views.server_error
