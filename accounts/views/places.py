from django.contrib.auth.decorators import login_not_required
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.models import Commune

SUGGESTIONS = 8


@require_safe
@login_not_required
def commune_suggest(request):
    """Suggest communes as the options of a combobox; htmx sends the text under the name of its own input."""
    text = next(request.GET.values(), "")[:100]
    list_id = request.htmx.target or "communes"
    communes = Commune.objects.matching(text)[:SUGGESTIONS]
    return render(
        request, "accounts/_commune_options.html", {"text": text.strip(), "communes": communes, "list_id": list_id}
    )
