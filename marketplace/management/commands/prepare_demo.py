from io import StringIO

from django.core.management import BaseCommand, call_command

from accounts.models import Commune


class Command(BaseCommand):
    help = "Creates the demo's tables, then loads its places and its data, once."

    def handle(self, *args, **options):
        self.say("Création de la base…")
        call_command("migrate", verbosity=0)
        call_command("createcachetable", verbosity=0)
        if not Commune.objects.exists():
            self.say("Chargement des communes…")
            call_command("load_communes", verbosity=0)
        self.say("Chargement des données de démonstration…")
        call_command("load_demo")
        call_command("check_stripe", subscribe=True, stdout=StringIO())

    def say(self, text):
        self.stdout.write(text)
        self.stdout.flush()
