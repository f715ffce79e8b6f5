"""Delays and fees the site promises, in one place."""

from datetime import timedelta

# Hours left before the start, and the part of the price a client then owes, in basis points.
CANCELLATION_POLICY = [
    {"hours": 48, "fee_basis_points": 0},
    {"hours": 24, "fee_basis_points": 3000},
    {"hours": 0, "fee_basis_points": 5000},
]

INQUIRY_UNANSWERED = timedelta(hours=72)
INQUIRY_LIFE = timedelta(days=30)
PAYMENT_DELAY = timedelta(hours=24)
PAYMENT_BEFORE_START = timedelta(hours=1)
HOLD_BEFORE_START = timedelta(hours=48)
HOLD_DEADLINE_BEFORE_START = timedelta(hours=24)
CONFIRMATION_DELAY = timedelta(days=7)
CONFIRMATION_REMINDERS = (timedelta(), timedelta(hours=24), timedelta(hours=72))
CONTEST_ANSWER_DELAY = timedelta(hours=72)
SETTLEMENT_DELAY = timedelta(days=14)
REVIEW_DELAY = timedelta(days=60)
UNPAID_MISSIONS_PER_CLIENT = 3


def cancellation_fee(policy, starts_at, now):
    """The part of the price a client owes for cancelling now, in basis points, under a frozen `policy`."""
    for step in sorted(policy, key=lambda step: -step["hours"]):
        if starts_at - now >= timedelta(hours=step["hours"]):
            return step["fee_basis_points"]
    return policy[-1]["fee_basis_points"]


def inquiry_deadline(mission, now, *, answered):
    """When a request lapses: 72 h after the client's last unanswered message, 30 days, or at its start."""
    deadline = min(mission.starts_at, mission.created_at + INQUIRY_LIFE)
    return deadline if answered else min(deadline, now + INQUIRY_UNANSWERED)


def payment_deadline(mission, now):
    return min(now + PAYMENT_DELAY, mission.starts_at - PAYMENT_BEFORE_START)
