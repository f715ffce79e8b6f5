from datetime import timedelta

import stripe
from django.core.management import BaseCommand, CommandError

from payments import reconciliation
from payments.models import Difference


class Command(BaseCommand):
    """Moves no money and may run at any time: what Stripe says is written, what it makes due is left to the workers."""

    help = "Reads at Stripe what we may have missed, compares its books with ours, and fails while they differ."

    def add_arguments(self, parser):
        parser.add_argument("--days", type=int, default=3, help="how far back the books are compared")

    def handle(self, *args, days, **options):
        try:
            reconciliation.read_missed_events()
            reconciliation.read_open_payments()
            reconciliation.compare_books(timedelta(days=days))
        except stripe.StripeError as error:
            raise CommandError(f"Stripe does not answer: {type(error).__name__}.") from error
        differences = Difference.objects.open().order_by("pk")
        for one in differences:
            self.stderr.write(f"{one} ({one.ours} / {one.theirs}) : {one.get_act_display()}")
        if differences:
            raise CommandError(f"{len(differences)} differences.")
        self.stdout.write("Stripe and we say the same.")
