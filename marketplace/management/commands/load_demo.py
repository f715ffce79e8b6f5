import random

from django.conf import settings
from django.core.management import BaseCommand, CommandError, call_command
from django.db import transaction
from django.db.models import F

from accounts.models import Commune, Notification, User
from marketplace import clock
from marketplace.demo import accounts, cast, history, papers, payable, scenes, stage
from marketplace.demo.profiles import ANCHORS, SITUATIONS

SEED = 2026
PROFESSIONALS = 330
FEWEST = sum(map(sum, ANCHORS.values())) + len(SITUATIONS)


class Command(BaseCommand):
    help = "Fills an empty site with invented people, missions and reviews, the same ones every time."

    def add_arguments(self, parser):
        parser.add_argument("--professionals", type=int, default=PROFESSIONALS, help=f"how many, from {FEWEST}")

    def handle(self, *args, professionals, **options):
        if not (settings.DEMO or settings.TESTING):
            raise CommandError("Ces personnes inventées ne vont que dans une démonstration.")
        if professionals < FEWEST:
            raise CommandError(f"Il faut au moins {FEWEST} professionnels.")
        if User.objects.filter(email=accounts.CLIENT).exists():
            self.stdout.write("Les données de démonstration sont déjà là.")
            return
        if not Commune.objects.exists():
            call_command("load_communes", verbosity=0)
        load(professionals)
        self.stdout.write(f"{professionals} professionnels et leurs missions chargés.")


@transaction.atomic
def load(size):
    """All of it or nothing, so that an interrupted loading starts afresh."""
    rng, now = random.Random(SEED), clock.now()  # noqa: S311 - nothing secret is drawn
    everybody = cast.make_cast(rng, size, now)
    papers.make_documents(everybody, rng, now)
    papers.make_exceptions(everybody, rng, now.date())
    history.make_history(everybody, rng, now)
    payable.open_accounts(everybody.professionals, now)
    stage.play(scenes.every_scene(everybody, now))
    forget_old_news(now)


def forget_old_news(now):
    """What these missions would have announced has been read: only the last hour's e-mails are still to leave."""
    Notification.objects.filter(due_at__lt=now - scenes.NEWS, sent_at=None).update(sent_at=F("due_at"))
