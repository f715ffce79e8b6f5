from django.contrib import messages
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _

from missions import actions
from missions.errors import MissionError
from missions.forms import AnswerForm, ReviewForm
from missions.models import Mission, Review
from missions.policy import REVIEW_DELAY


def review_add(request, pk):
    mission = get_object_or_404(Mission.objects.of_client(request.user).select_related("professional", "client"), pk=pk)
    if not actions.can_review(mission):
        messages.error(request, _("L’avis n’est plus possible : il se donne une fois, dans les 60 jours."))
        return redirect(mission)
    form = ReviewForm(request.POST or None)
    if not form.is_valid():
        context = {"form": form, "mission": mission, "signature": Review(mission=mission).signature}
        return render(request, "missions/review.html", context | {"deadline": mission.ended_at + REVIEW_DELAY})
    try:
        actions.publish_review(mission, by=request.user, **form.cleaned_data)
        messages.success(request, _("Votre avis est publié. Merci !"))
    except MissionError as error:
        messages.error(request, str(error))
    return redirect(mission)


def review_answer(request, pk):
    reviews = Review.objects.published().filter(professional__user=request.user, answered_at=None)
    review = get_object_or_404(reviews.select_related("mission__client", "professional"), pk=pk)
    form = AnswerForm(request.POST or None)
    if not form.is_valid():
        return render(request, "missions/review_answer.html", {"form": form, "review": review})
    try:
        actions.answer_review(review, by=request.user, **form.cleaned_data)
        messages.success(request, _("Votre réponse est publiée."))
    except MissionError as error:
        messages.error(request, str(error))
    return redirect(f"{review.professional.get_absolute_url()}#avis")
