from django.urls import reverse

from accounts.actions import notify
from accounts.models import User
from marketplace import formatting
from missions.emails import tell


def tell_client(payment, template, **context):
    mission = payment.mission
    tell(mission, mission.client.user, f"payments/emails/{template}_client", **_amounts(payment), **context)


def tell_professional(payment, template, **context):
    mission = payment.mission
    tell(mission, mission.professional.user, f"payments/emails/{template}_professional", **_amounts(payment), **context)


def tell_both(payment, template, **context):
    tell_client(payment, template, **context)
    tell_professional(payment, template, **context)


def tell_staff(key, template, row):
    """Tell the team that a row of the books waits for them in the admin."""
    url = reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[row.pk])
    for user in User.objects.filter(is_staff=True, is_active=True):
        notify(user, f"payments/emails/{template}_staff", key, url=url, row=str(row))


def tell_to_pay(payment):
    """Ask for the card, by a link to the payment page: the page of Stripe itself is only made on click."""
    deadline = formatting.moment(payment.mission.deadline_at, payment.mission.timezone)
    url = reverse("payments:payment", args=[payment.mission_id])
    tell_client(payment, "to_pay", deadline=deadline, url=url)


def _amounts(payment):
    """What each side may read of the money: the client the total, the professional their share."""
    return {
        "total": formatting.euros(payment.amount_cents),
        "share": formatting.euros(payment.price.professional_cents),
    }
