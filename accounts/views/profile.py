from django.contrib import messages
from django.db import transaction
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts.actions import set_rates, submit_professional
from accounts.errors import AccountError
from accounts.forms import ClientForm, ProfileForm, RatesForm
from accounts.models import Client, Professional


def own_professional(request, *, lock=False):
    """The visitor's own file; 404 for whoever has none."""
    professionals = Professional.objects.select_for_update(no_key=True) if lock else Professional.objects
    return get_object_or_404(professionals, user=request.user)


@require_http_methods(["GET", "POST"])
def client_edit(request):
    client = get_object_or_404(Client.objects.select_related("user"), user=request.user)
    form = ClientForm(request.POST or None, instance=client)
    if form.is_valid():
        form.save()
        messages.success(request, _("Votre profil est enregistré."))
        return redirect("accounts:client_edit")
    return render(request, "accounts/client_edit.html", {"form": form, "client": client})


@require_http_methods(["GET", "POST"])
@transaction.atomic
def profile_edit(request):
    # Locked, so that a number of agents is not lowered while a mission reserves them.
    professional = own_professional(request, lock=request.method == "POST")
    form = ProfileForm(request.POST or None, instance=professional)
    if form.is_valid():
        form.save()
        messages.success(request, _("Votre profil est enregistré."))
        return redirect("accounts:profile_edit")
    return render(request, "accounts/profile_edit.html", {"form": form, "kind": professional.get_kind_display()})


@require_http_methods(["GET", "POST"])
def rates_edit(request):
    professional = own_professional(request)
    form = RatesForm(request.POST or None, professional=professional)
    if form.is_valid():
        set_rates(professional, form.rates())
        messages.success(request, _("Vos tarifs sont enregistrés."))
        for sentence in form.low_rates():
            messages.warning(request, sentence)
        return redirect("accounts:rates_edit")
    return render(request, "accounts/rates_edit.html", {"form": form})


@require_POST
def profile_submit(request):
    try:
        submit_professional(own_professional(request), by=request.user)
    except AccountError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("Votre dossier est envoyé. Nous répondons sous 2 jours ouvrés."))
    return redirect("messaging:dashboard")
