from itertools import chain

from django.core.management import BaseCommand, CommandError

import missions.audit
import payments.audit


class Command(BaseCommand):
    help = "Checks everything that must always hold, and every copied column; changes nothing, fails on a difference."

    def handle(self, *args, **options):
        differences = list(chain(missions.audit.differences(), payments.audit.differences()))
        for difference in differences:
            self.stderr.write(difference)
        if differences:
            raise CommandError(f"{len(differences)} differences.")
        self.stdout.write("Everything that must hold does.")
