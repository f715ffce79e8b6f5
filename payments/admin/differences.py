from django.contrib import admin
from django.db.models import F
from django.utils.translation import gettext_lazy as _

from payments.admin.acts import CLOSE, GIVE_UP_DIFFERENCE, READ_DIFFERENCE, RUN_DIFFERENCE, WRITE, PageAdmin
from payments.models import Difference

Act = Difference.Act

SUGGESTED = {Act.READ_AGAIN: [READ_DIFFERENCE], Act.RUN_AGAIN: [RUN_DIFFERENCE, GIVE_UP_DIFFERENCE], Act.WRITE: [WRITE]}

EXPLANATIONS = {
    Act.READ_AGAIN: _(
        "Stripe en sait plus que nous. Relire le paiement corrige nos lignes ; "
        "l’écart se clôt seul au prochain rapprochement s’il a disparu."
    ),
    Act.RUN_AGAIN: _(
        "Stripe a refusé un appel. Réparez ce qui l’arrêtait, puis relancez-le sous une nouvelle clé ; "
        "s’il ne peut plus aboutir, abandonnez-le."
    ),
    Act.WRITE: _(
        "Quelqu’un a fait cela chez Stripe sans passer par ici. Vérifiez-le, puis écrivez-le dans nos livres avec le "
        "motif ; s’il s’agit d’une erreur, corrigez-la chez Stripe."
    ),
    Act.SUBSCRIBE: _("Stripe ne nous envoie pas ce type d’événement : ajoutez-le à la destination, chez Stripe."),
    Act.LOOK: _(
        "Rien d’automatique n’est sûr ici. Comparez les deux côtés, corrigez chez Stripe, puis dites ce que c’était."
    ),
}


class IsOpen(admin.SimpleListFilter):
    title = _("état")
    parameter_name = "ouvert"

    def lookups(self, request, model_admin):
        return [("oui", _("Ouvert")), ("non", _("Clos"))]

    def queryset(self, request, queryset):
        chosen = {"oui": queryset.open(), "non": queryset.exclude(closed_at=None)}
        return chosen.get(self.value(), queryset)


@admin.register(Difference)
class DifferenceAdmin(PageAdmin):
    """What Stripe and we do not say alike, those still open first."""

    list_display = ["kind", "payment", "ours", "theirs", "act", "found_at", "closed_at", "subject"]
    list_filter = [IsOpen, "kind"]
    list_select_related = ["payment"]
    search_fields = ["subject", "=payment__mission__pk"]
    ordering = [F("closed_at").asc(nulls_first=True), "-found_at"]
    page_template = "admin/payments/difference/page.html"
    acts = (READ_DIFFERENCE, RUN_DIFFERENCE, GIVE_UP_DIFFERENCE, WRITE, CLOSE)

    def describe(self, request, difference):
        acts = [] if difference.closed_at else [*SUGGESTED.get(difference.act, []), CLOSE]
        return {
            "difference": difference,
            "explanation": EXPLANATIONS[difference.act],
            "links": self.links(request, difference, acts),
        }
