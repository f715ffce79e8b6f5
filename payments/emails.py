from django.urls import reverse
from django.utils import translation

from accounts.actions import notify, notify_each
from accounts.models import User
from marketplace import clock, formatting
from missions.emails import news
from missions.search import search_again
from payments import ledger
from payments.models import Dispute, Payment

Entry = ledger.Kind

# In days: when a share that Stripe cannot send is recalled to the professional, told to the team, and both again.
RECALLED_AFTER, TEAM_TOLD_AFTER, TOLD_EVERY = 7, 14, 30

# Where a professional mends what keeps them from working, see `papers.cause`; an approval is talked over.
MENDED_AT = {"documents": "accounts:document_list", "account": "payments:onboarding"}

# What makes a professional's share: what was shared, less what they bore of it since.
SHARE = (Entry.RELEASE, Entry.GIVE_BACK, Entry.CHARGEBACK_LOST)


def tell_client(payment, template, **context):
    notify_each([_to_client(payment, template, **context)])


def tell_professional(payment, template, **context):
    notify_each([_to_professional(payment, template, **context)])


def tell_both(payment, template, **context):
    notify_each([_to_client(payment, template, **context), _to_professional(payment, template, **context)])


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


def tell_to_pay_again(payment, template, **context):
    """Tell both sides that the amount is not held; the client's e-mail leads to the payment page."""
    tell_client(payment, template, url=reverse("payments:payment", args=[payment.mission_id]), **context)
    tell_professional(payment, template, **context)


def tell_papers_missing(payment, cause):
    """Say to a professional what keeps them from working a mission, and by when to mend it."""
    deadline = formatting.moment(payment.papers_due_at, payment.mission.timezone)
    key, page = payment.papers_missing_at.isoformat(), MENDED_AT.get(cause)
    url = {"url": reverse(page)} if page else {}
    tell_professional(payment, "papers_missing", key=key, cause=cause, deadline=deadline, **url)


def tell_papers_awaited(payment):
    """Say to the client that nothing is held before their professional's file is in order."""
    deadline = formatting.moment(payment.papers_due_at, payment.mission.timezone)
    tell_client(payment, "papers_awaited", key=payment.papers_missing_at.isoformat(), deadline=deadline)


def tell_called_off(payment, reason):
    """Say why neither side is to blame, and where the client finds somebody else."""
    is_held = payment.status == Payment.Status.HELD
    tell_client(payment, "called_off", reason=reason, is_held=is_held, url=search_again(payment.mission))
    tell_professional(payment, "called_off", reason=reason)


def tell_receipt(payment, paid_cents):
    """Say line by line what the client paid, once it was taken; less of it when a bank gave some back before."""
    price = payment.due_price
    cents = {
        "service_amount": price.service_cents,
        "vat_amount": price.vat_cents,
        "commission_amount": price.commission_cents,
        "commission_vat_amount": price.commission_vat_cents,
        "due_amount": price.total_cents,
    }
    if paid_cents < price.total_cents:
        cents |= {"bank_amount": price.total_cents - paid_cents, "paid_amount": paid_cents}
    tell_client(payment, "receipt", cents=cents, url=reverse("payments:money", args=[payment.mission_id]))


def tell_shortfall(operation, cents):
    """Say to the professional that they owe us `cents`, which this reversal could not take back, and what for."""
    cause = "refund" if operation.refund_id else "dispute"
    tell_professional(operation.payment, "shortfall", key=str(operation.pk), cents={"amount": cents}, cause=cause)


def tell_not_payable(payment):
    """Say why a share waits: to the professional at once, then again and again; to the team if that does not help."""
    tell_professional(payment, "not_payable")
    shared = ledger.last_shared(payment)
    days = (clock.now() - shared.happened_at).days
    if days >= RECALLED_AFTER:
        times = (days - RECALLED_AFTER) // TOLD_EVERY
        url = reverse("payments:onboarding")
        tell_professional(payment, "share_waiting", key=f"{shared.pk}:{times}", url=url, days=days)
    if days >= TEAM_TOLD_AFTER:
        times = (days - TEAM_TOLD_AFTER) // TOLD_EVERY
        tell_staff(f"share:{payment.pk}:{shared.pk}:{times}", "share_waiting", payment)


def _to_client(payment, template, **context):
    return _news(payment, payment.mission.client.user, f"{template}_client", **context)


def _to_professional(payment, template, **context):
    return _news(payment, payment.mission.professional.user, f"{template}_professional", **context)


def _news(payment, user, template, *, cents=None, **context):
    """The e-mail; `cents` are amounts by name, written in the language of whoever reads it."""
    cents = _amounts(payment) | (cents or {})
    with translation.override(user.language):
        amounts = {name: formatting.euros(value) for name, value in cents.items()}
    return news(payment.mission, user, f"payments/emails/{template}", **amounts, **context)


def _amounts(payment):
    """What each side may read of the money: the client the total, the professional their share; then what changed it.

    Those of zero are left out, for the e-mail to say nothing of them.
    """
    cents = {"total": payment.amount_cents, "share": payment.price.professional_cents}
    if payment.status == Payment.Status.KEPT or payment.status in Payment.OVER:
        cents |= _captured(payment)
    if payment.status == Payment.Status.LOST:
        cents |= _lost(payment)
    return {name: value for name, value in cents.items() if value}


def _captured(payment):
    """What was captured, what banks gave back of it for good, judge or left, and the share of that."""
    captured = sum(hold.captured_cents for hold in payment.holds.all())
    disputes = list(payment.disputes.all())
    judged = sum(dispute.withdrawn_cents for dispute in disputes if dispute.is_open)
    closed = [dispute for dispute in disputes if not dispute.is_open]
    lost = sum(dispute.withdrawn_cents for dispute in closed if dispute.status == Dispute.Status.LOST)
    share, _commission, _vat = payment.price.split(payment.amount_cents - lost)
    return {"captured": captured, "judged": judged, "lost": lost, "left": captured - lost, "share": share}


def _lost(payment):
    """What banks took of the professional's share, and what is left of it at our own charge."""
    account = ledger.payable(payment)
    borne = ledger.moved_cents(account, payment=payment, kind=Entry.CHARGEBACK_LOST)
    return {"borne": borne, "own": -ledger.moved_cents(account, payment=payment, kind__in=SHARE)}
