"""What a bank is told of a contest: our decision, never what the two sides wrote."""

import pytest

from accounts.tests.factories import make_staff
from missions.models import Contest
from payments import actions, sync
from payments.evidence import as_text, evidence
from payments.models import Dispute
from payments.simulator import disputes
from payments.tests.factories import fresh, make_ended_payment

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_bank_reads_our_decision_on_a_contest_and_neither_sides_version(simulator, clock):
    payment = make_ended_payment(simulator, clock)
    reason = Contest.Reason.EARLY_DEPARTURE
    actions.contest(payment.mission, by=payment.mission.client.user, reason=reason, text="Parti à minuit, ivre.")
    contest = Contest.objects.get()
    Contest.objects.filter(pk=contest.pk).update(answer="Renvoyé par le gérant.")
    actions.settle(contest, by=make_staff(), performed_basis_points=5000, note="La moitié des heures est établie.")
    disputes.open_dispute(simulator, fresh(payment).holds.get().charge_id)
    sync.sync_payment(fresh(payment))
    text = as_text(evidence(Dispute.objects.get()))

    for said in (str(reason.label), "50\xa0%", "La moitié des heures est établie."):
        assert said in text
    for kept in ("ivre", "Renvoyé"):
        assert kept not in text
