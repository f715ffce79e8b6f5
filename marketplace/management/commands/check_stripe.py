import stripe
from django.core.management import BaseCommand, CommandError

from payments import subscriptions


class Command(BaseCommand):
    help = "Fails when Stripe does not send us every type of event that we handle; --subscribe has it send them."

    def add_arguments(self, parser):
        parser.add_argument("--subscribe", action="store_true", help="create or bring up to date our destinations")

    def handle(self, *args, subscribe, **options):
        try:
            if subscribe:
                for name, secret in subscriptions.subscribe():
                    self.stdout.write(f"{name}: {secret}")
            missing = list(subscriptions.missing_types())
        except stripe.StripeError as error:
            raise CommandError(f"Stripe does not answer: {type(error).__name__}.") from error
        for name in missing:
            self.stderr.write(name)
        if missing:
            raise CommandError(f"{len(missing)} types of event never reach us: run check_stripe --subscribe.")
        self.stdout.write("Stripe sends us every event that we handle.")
