from django.core.management import BaseCommand
from django.db import connection

# More rows than any table gets between two backups.
SKIPPED = 100_000


class Command(BaseCommand):
    """Run once after each restore: what Stripe made in the time that was lost bears the numbers our rows had then."""

    help = "Makes every table skip some numbers, so that no new row takes one that Stripe knows as another's."

    def handle(self, *args, **options):
        with connection.cursor() as cursor:
            for table in connection.introspection.django_table_names(only_existing=True):
                for sequence in connection.introspection.get_sequences(cursor, table):
                    cursor.execute("SELECT setval(%s, nextval(%s) + %s)", [*2 * [sequence["name"]], SKIPPED])
        self.stdout.write(f"New rows skip {SKIPPED} numbers.")
