from django.urls import path
from django.views.decorators.cache import cache_control

from payments.views import earnings, missions, money, onboarding, paying

app_name = "payments"

urlpatterns = [
    path("missions/<int:pk>/paiement/", paying.payment, name="payment"),
    path("missions/<int:pk>/argent/", money.money, name="money"),
    path("missions/<int:pk>/payer/", paying.checkout_start, name="checkout_start"),
    path("paiement/retour/", paying.checkout_return, name="checkout_return"),
    path("missions/<int:pk>/valider/", missions.mission_confirm, name="mission_confirm"),
    path("missions/<int:pk>/contester/", missions.mission_contest, name="mission_contest"),
    path("missions/<int:pk>/contester/reponse/", missions.contest_answer, name="contest_answer"),
    path("missions/<int:pk>/annuler/", missions.mission_cancel, name="mission_cancel"),
    path("pro/revenus/", earnings.earnings, name="earnings"),
    path("pro/revenus/export.csv", earnings.earnings_export, name="earnings_export"),
    path("pro/revenus/stripe/", earnings.dashboard_open, name="dashboard_open"),
    path("pro/paiements/", onboarding.onboarding, name="onboarding"),
    path("pro/paiements/stripe/", onboarding.onboarding_start, name="onboarding_start"),
    path("pro/paiements/reprendre/", onboarding.onboarding_refresh, name="onboarding_refresh"),
    path("pro/paiements/retour/", onboarding.onboarding_return, name="onboarding_return"),
]

# What they say of somebody's money is for them alone, and not for whoever next uses the same browser.
private = cache_control(private=True, no_store=True)
for page in urlpatterns:
    page.callback = private(page.callback)
