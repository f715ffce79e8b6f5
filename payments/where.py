"""Where the money of a mission is, for whoever looks: what happens next, and when.

The situation is read from our rows, its words from `where_rows.TABLE`. The money page and the thread's line show it.
"""

from dataclasses import dataclass
from functools import cached_property

from django.utils.translation import gettext as _

from marketplace import formatting
from missions.models import Mission
from missions.policy import HOLD_BEFORE_START
from payments import ledger, returns
from payments.models import Dispute, Payment, StripeOperation
from payments.where_rows import CLIENT, PROFESSIONAL, TABLE

Kind = StripeOperation.Kind
State = StripeOperation.State
Status = Payment.Status

# Not refused: done, or to be done by a worker or by the team.
WANTED = (*StripeOperation.UNDER_WAY, State.DONE)


@dataclass(frozen=True)
class Where:
    """One situation in words; `url` and `button` when there is something to do."""

    situation: str
    place: str
    title: str
    text: str
    then: str
    button: str
    url: str
    icon: str
    tone: str


def where_is(payment, user, now):
    """Where the money of this payment is, as one of the two sides reads it. Two queries, at most five."""
    return Facts(payment, user, now).where


def in_words(facts):
    situation = situation_of(facts)
    row, words = TABLE[situation, facts.role], facts.words
    return Where(
        situation=situation,
        place=row.place,
        title=row.title % words,
        text=row.text % words,
        then=row.then % words,
        button=row.button % words,
        url=row.url(facts.mission) if row.url else "",
        icon=row.icon,
        tone=row.tone,
    )


class Facts:
    """What our rows say of a payment."""

    def __init__(self, payment, user, now):
        self.payment, self.mission, self.now = payment, payment.mission, now
        self.is_client = self.mission.is_client(user)
        self.role = CLIENT if self.is_client else PROFESSIONAL
        self.other = str(self.mission.other(user))

    @property
    def where(self):
        return in_words(self)

    @cached_property
    def operations(self):
        return list(self.payment.operations.select_related("refund").order_by("pk"))

    @cached_property
    def disputes(self):
        return list(self.payment.disputes.order_by("opened_at", "pk"))

    def last(self, *kinds, state=None):
        """The last call of these kinds that is wanted, or in this state."""
        wanted = [state] if state else WANTED
        found = (row for row in reversed(self.operations) if row.kind in kinds and row.state in wanted)
        return next(found, None)

    @property
    def is_paid_out(self):
        return self.last(Kind.TRANSFER, state=State.DONE) is not None

    @property
    def paid_again(self):
        """What a bank gave back: the last transfer made for it."""
        again = [row for row in self.moves if row.kind == Kind.PAY_AGAIN and row.dispute_id]
        return again[-1] if again else None

    @property
    def is_stuck(self):
        """Whether Stripe refused something that this reader waits for."""
        return any(row.state == State.STUCK and self.awaits(row) for row in self.operations)

    def awaits(self, row):
        """The client's refund by the team starts with what is taken back from the professional."""
        if self.is_client:
            return row.refund_id or row.kind in (Kind.CAPTURE, Kind.CANCEL_HOLD, Kind.REFUND)
        return row.kind in (Kind.CAPTURE, *StripeOperation.TO_PROFESSIONAL)

    @property
    def judged(self):
        """What banks hold until they have judged."""
        return [dispute for dispute in self.disputes if dispute.is_open]

    def closed(self, *statuses):
        """What banks have judged so."""
        return [dispute for dispute in self.disputes if dispute.status in statuses and not dispute.is_open]

    @property
    def lost_cents(self):
        """What banks took for good."""
        return sum(dispute.withdrawn_cents for dispute in self.closed(Dispute.Status.LOST))

    @property
    def is_lost_in_part(self):
        return self.lost_cents > 0 and self.payment.status == Status.RELEASED

    @property
    def left_cents(self):
        """What the client pays in the end: what was captured, and neither their bank nor we give back.

        A refund that came back, and that a bank took meanwhile, will be made again for less.
        """
        return max(self.wanted_cents(Kind.CAPTURE) - self.wanted_cents(Kind.REFUND) - self.lost_cents, 0)

    @cached_property
    def unreturned_cents(self):
        """What we keep for the client once its refund was given up: no call gives it back."""
        if not any(row.kind == Kind.REFUND and row.state == State.REFUSED for row in self.operations):
            return 0
        kept = -ledger.balance(self.payment, "client_funds")
        return kept - self.wanted_cents(Kind.REFUND, states=StripeOperation.UNDER_WAY)

    @property
    def share_cents(self):
        """The professional's part: what was sent to them, or is to be, of what a bank left."""
        sent = [row.amount_cents for row in self.moves if row.kind != Kind.REVERSE and row.dispute_id is None]
        if not sent:
            return self.price.split(self.payment.amount_cents - self.lost_cents)[0]
        return min(sum(sent), self.price.professional_cents)

    @property
    def moves(self):
        """The calls that pay the professional or take back from them, done or to be done."""
        kinds = (*StripeOperation.TO_PROFESSIONAL, Kind.REVERSE)
        return [row for row in self.operations if row.kind in kinds and row.state in WANTED]

    @cached_property
    def net_cents(self):
        """What the professional keeps in the end."""
        taken_back = self.wanted_cents(Kind.REVERSE)
        return self.wanted_cents(*StripeOperation.TO_PROFESSIONAL) - taken_back - returns.owed_cents(self.payment)

    @property
    def given_back(self):
        """What went from this reader's part, and what is left, in cents; None when nothing did."""
        if not self.has_part:
            return None
        whole = self.price.total_cents if self.is_client else self.price.professional_cents
        left = self.left_cents if self.is_client else self.kept_cents
        return {"cents": whole - left, "left_cents": left} if left < whole else None

    @property
    def has_part(self):
        """What the client pays is known once it is shared; a professional who was never paid had nothing to lose."""
        if self.is_client:
            return self.payment.status in (Status.RELEASED, Status.LOST)
        return self.is_paid_out or self.payment.status != Status.LOST

    @property
    def kept_cents(self):
        """What the professional keeps in the end, or will receive."""
        return self.net_cents if self.is_paid_out else self.share_cents

    def wanted_cents(self, *kinds, states=WANTED):
        return sum(row.amount_cents for row in self.operations if row.kind in kinds and row.state in states)

    @property
    def last_refund(self):
        """The last refund, of what a decision left or of what staff return."""
        return self.last(Kind.REFUND)

    @property
    def team_calls(self):
        """The calls of what staff return, done or to be done: taken back from the professional, then refunded."""
        return [row for row in self.operations if row.refund_id and row.state in WANTED]

    @cached_property
    def team_refunds(self):
        refunds = {row.refund_id: row.refund for row in self.team_calls}
        return list(refunds.values())

    @property
    def are_team_refunds_done(self):
        return all(row.state == State.DONE for row in self.team_calls)

    @property
    def team_refund_cents(self):
        """What staff return, or returned once nothing of it is under way."""
        if self.are_team_refunds_done:
            return sum(row.amount_cents for row in self.team_calls if row.kind == Kind.REFUND)
        return sum(refund.amount_cents for refund in self.team_refunds)

    @property
    def disputes_told(self):
        """Those the situation is about: what a bank judges, else what was lost, else what was won."""
        return self.judged or self.closed(Dispute.Status.LOST) or self.closed(*Dispute.WINS)

    @property
    def price(self):
        return self.payment.due_price if self.payment.is_closed else self.payment.price

    @property
    def what(self):
        """What the part due pays for."""
        rate = formatting.percent(self.payment.due_basis_points or 0)
        if self.mission.status == Mission.Status.CANCELLED:
            return _("les frais d’annulation, %(rate)s du prix") % {"rate": rate}
        if self.mission.status == Mission.Status.SETTLED:
            return _("la part retenue par notre équipe, %(rate)s du prix") % {"rate": rate}
        return _("la mission validée")

    @property
    def words(self):
        phrases = {"what": self.what, "taken_back": self.taken_back, "decision": self.decision}
        return self.amounts | self.dates | phrases | {"other": self.other}

    @property
    def decision(self):
        """When staff decide on a contested mission."""
        if self.mission.status != Mission.Status.CONTESTED:
            return ""
        words = {"deadline": formatting.near(self.mission.deadline_at, self.mission)}
        if self.mission.deadline_at > self.now:
            return _("Notre équipe décide au plus tard %(deadline)s.") % words
        return _("Notre équipe devait décider au plus tard %(deadline)s : nous la relançons chaque jour.") % words

    @property
    def taken_back(self):
        """What the professional waits for while a bank judges."""
        if not self.taken_cents:
            return _("Votre part n’est pas touchée.")
        taken = formatting.euros(self.taken_cents)
        return _("%(taken)s sont repris de votre part, le temps de sa décision.") % {"taken": taken}

    @property
    def taken_cents(self):
        return sum(dispute.taken_back_cents for dispute in self.disputes_told)

    @property
    def amounts(self):
        refund = self.last_refund
        cents = {
            "total": self.payment.amount_cents - self.lost_cents,
            "due": self.price.total_cents,
            "share": self.share_cents,
            "whole": self.price.professional_cents,
            "net": self.net_cents if self.lost_cents else 0,
            "lost": self.lost_cents,
            "left": self.left_cents,
            "refund": refund.amount_cents if refund else 0,
            "unreturned": self.unreturned_cents,
            "team_refund": self.team_refund_cents,
            "team_taken": sum(refund.taken_back_cents for refund in self.team_refunds),
            "disputed": sum(dispute.amount_cents for dispute in self.disputes_told),
            "again": self.wanted_cents(Kind.PAY_AGAIN, states=StripeOperation.UNDER_WAY),
        }
        return {name: formatting.euros(value) for name, value in cents.items()}

    @property
    def dates(self):
        refund, transfer = self.last_refund, self.last(Kind.TRANSFER, Kind.PAY_AGAIN, state=State.DONE)
        instants = {
            "deadline": self.mission.deadline_at,
            "hold": self.payment.hold_due_at or self.mission.starts_at - HOLD_BEFORE_START,
            "end": self.mission.ends_at,
            "papers": self.payment.papers_due_at,
            "refund_on": refund and refund.answered_at,
            "paid_on": transfer and transfer.answered_at,
        }
        return {name: formatting.near(at, self.mission) if at else "" for name, at in instants.items()}


# What is going on


def situation_of(facts):
    """The name of a row of the table: a bank's decision first, then ours, then what is awaited."""
    if facts.payment.is_closed and not facts.is_client and not facts.price.total_cents:
        return "nothing_due"
    if facts.judged:
        return "chargeback" if facts.is_client or facts.is_paid_out else "chargeback_before_paid"
    if facts.payment.status == Status.LOST:
        return lost(facts)
    if facts.payment.is_closed:
        return decided(facts)
    return AWAITED[facts.payment.status](facts)


def lost(facts):
    if not facts.closed(Dispute.Status.LOST):
        return "hold_missed"
    return lost_client(facts) if facts.is_client else lost_professional(facts)


def lost_client(facts):
    """Something of our refunds may still be theirs."""
    if facts.is_stuck:
        return "stuck"
    return "not_returned" if facts.unreturned_cents > 0 else "chargeback_lost"


def lost_professional(facts):
    """They keep their part of what we refunded at our own charge."""
    if facts.is_paid_out:
        return "chargeback_lost_part" if facts.net_cents > 0 else "chargeback_lost"
    return paying(facts) if facts.last(Kind.TRANSFER, state=State.PENDING) else "chargeback_lost_before_paid"


def card_saved(facts):
    was_refused = facts.last(Kind.PLACE_HOLD, state=State.REFUSED) is not None
    return facts.payment.before_hold(facts.now, was_refused=was_refused)


def card_refused(facts):
    if facts.mission.status == Mission.Status.CONTESTED:
        return "hold_lost_contested"
    return "card_refused" if facts.mission.status == Mission.Status.BOOKED else "hold_lost"


def funded(facts):
    """Held or kept: until the end, until the client's word, or until staff decide."""
    state = facts.payment.status
    if facts.mission.status == Mission.Status.CONTESTED:
        return f"{state}_contested"
    if facts.payment.papers_missing_at and not facts.mission.has_started(facts.now):
        return f"{state}_without_papers"
    return f"{state}_to_confirm" if facts.mission.has_ended(facts.now) else str(state)


AWAITED = {
    Status.PENDING: lambda facts: "card_awaited",
    Status.CARD_SAVED: card_saved,
    Status.CARD_REFUSED: card_refused,
    Status.HELD: funded,
    Status.KEPT: funded,
}


def decided(facts):
    if facts.is_stuck:
        return "stuck"
    if not facts.price.total_cents:
        return returned(facts)
    if facts.payment.status != Status.RELEASED:
        return "taking"
    return shared_client(facts) if facts.is_client else shared_professional(facts)


def returned(facts):
    """Nothing was due: what was captured goes back, what was held is freed."""
    if facts.unreturned_cents > 0:
        return "not_returned"
    if refund := facts.last_refund:
        return "refunded" if refund.state == State.DONE else "refunding"
    if freed := facts.last(Kind.CANCEL_HOLD):
        return "freed" if freed.state == State.DONE else "freeing"
    return "nothing_taken"


def shared_client(facts):
    if facts.unreturned_cents > 0:
        return "not_returned"
    if facts.is_lost_in_part:
        return "chargeback_lost_part"
    if facts.team_refund_cents:
        return "team_refunded" if facts.are_team_refunds_done else "team_refunding"
    if refund := facts.last_refund:
        return "rest_refunded" if refund.state == State.DONE else "rest_refunding"
    if facts.closed(Dispute.Status.WON):
        return "chargeback_won"
    return "debited" if facts.payment.due_basis_points == 10_000 else "debited_in_part"


def shared_professional(facts):
    if any(refund.taken_back_cents for refund in facts.team_refunds):
        return "team_taking_back"
    if facts.is_lost_in_part and facts.is_paid_out:
        return "chargeback_lost_part"
    if again := facts.paid_again:
        return "paid_again" if again.state == State.DONE else "paying_again"
    return "paid" if facts.is_paid_out else paying(facts)


def paying(facts):
    return "paying" if facts.mission.professional.payable else "not_payable"
