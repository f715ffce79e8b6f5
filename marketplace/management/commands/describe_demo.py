from django.conf import settings
from django.core.management import BaseCommand
from django.urls import reverse

from marketplace.demo.accounts import ACCOUNTS
from marketplace.management.commands.staff_code import current_code


class Command(BaseCommand):
    help = "Prints the demo's accounts and the addresses of its tools."

    def handle(self, *args, **options):
        self.stdout.write("\nComptes (rôle, adresse, mot de passe)")
        for role, email, password in ACCOUNTS:
            self.stdout.write(f"  {role:<28} {email:<40} {password}")
        self.stdout.write(f"  Code de l’équipe : {current_code()}   (le suivant : make manage ARGS=staff_code)")
        self.stdout.write(f"\nCourriels : {settings.SITE_URL}{reverse('demo:mailbox')}")
        self.stdout.write(f"Avancer l’horloge : {settings.SITE_URL}{reverse('demo:clock')}")
