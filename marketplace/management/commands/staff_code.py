import time

from allauth.mfa import app_settings
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.conf import settings
from django.core.management import BaseCommand, CommandError

from marketplace.demo.accounts import STAFF_TOTP_SECRET


class Command(BaseCommand):
    help = "Prints the second-factor code of the demo's staff account, good for half a minute."

    def handle(self, *args, **options):
        if not settings.DEMO:
            raise CommandError("Ce code n’existe que dans la démonstration.")
        self.stdout.write(current_code())


def current_code():
    counter = int(time.time()) // app_settings.TOTP_PERIOD  # authenticators know nothing of the site's clock
    return format_hotp_value(hotp_value(STAFF_TOTP_SECRET, counter))
