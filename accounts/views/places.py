from django.contrib.auth.decorators import login_not_required
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.models import Commune

SUGGESTIONS = 8


@require_safe
@login_not_required
def commune_suggest(request):
    """Suggest communes for the options of a datalist; htmx sends the text under the name of its own input."""
    text = request.GET.get("q") or next(request.GET.values(), "")
    communes = Commune.objects.matching(text[:100])[:SUGGESTIONS]
    return render(request, "accounts/_commune_options.html", {"communes": communes})
