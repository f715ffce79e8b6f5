from django.contrib.auth.decorators import login_not_required
from django.shortcuts import render
from django.views.decorators.http import require_safe

from missions.comparison import Selection
from missions.comparison import compare as compare_selection
from missions.forms import SearchForm
from missions.views.search import reads_prices_before_vat


@login_not_required
@require_safe
def compare(request):
    form = SearchForm(request.GET)
    selection = Selection(request.GET)
    context = {
        "form": form,
        "search": form.search,
        "selection": selection,
        "comparison": compare_selection(selection, form.search) if selection.is_comparable else None,
        "can_contact": request.user.is_anonymous or request.user.is_client,
        "before_vat": reads_prices_before_vat(request.user),
    }
    return render(request, "missions/compare.html", context)
