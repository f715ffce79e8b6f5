"""What a bank is told of a thread: that it exists, never what was written in it."""

from datetime import UTC, datetime

import pytest

from marketplace import clock
from messaging.tests.factories import make_message, make_thread
from payments.evidence import as_text, evidence
from payments.models import Dispute
from payments.tests.factories import make_payment

pytestmark = pytest.mark.django_db


def test_the_evidence_counts_and_dates_messages_without_their_text():
    payment = make_payment()
    thread = make_thread(mission=payment.mission)
    for day in (3, 5):
        make_message(thread, body="Un secret", written_at=datetime(2026, 11, day, 9, tzinfo=UTC))
    dispute = Dispute.objects.create(
        payment=payment,
        stripe_id="du_1",
        status="needs_response",
        reason="fraudulent",
        amount_cents=1,
        opened_at=clock.now(),
    )
    text = as_text(evidence(dispute))

    assert (
        f"Le client, {payment.mission.client}\xa0: messages\xa0: 2, "
        "le premier mardi 3\xa0novembre 2026 à 10\xa0h\xa000, le dernier jeudi 5\xa0novembre 2026 à 10\xa0h\xa000"
    ) in text
    assert "secret" not in text
