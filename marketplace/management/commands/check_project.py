import os
import re
import subprocess
import sys

from django.conf import settings
from django.core.management import BaseCommand, CommandError

# Nothing here opens a door: only the shape of production's variables.
PRODUCTION = {
    "MODE": "production",
    "SECRET_KEY": "check-only-0123456789-abcdefghijklmnopqrstuvwxyz-ABCDEFGHIJ",
    "ALLOWED_HOSTS": "monagentdesecu.com",
    "SITE_URL": "https://monagentdesecu.com",
    "DATABASE_URL": "postgresql://database.invalid/monagentdesecu",
    "REDIS_URL": "redis://redis.invalid:6379/0",
    "ENCRYPTION_KEYS": "Y2hlY2stb25seS1lbmNyeXB0aW9uLWtleS0zMi1ieXQ=",
    "EMAIL_HOST": "smtp.invalid",
    "STRIPE_SECRET_KEY": "sk_live_check_only",
    "STRIPE_WEBHOOK_SECRETS": "whsec_check_only",
    "STRIPE_THIN_WEBHOOK_SECRETS": "whsec_check_only_thin",
}


class Command(BaseCommand):
    help = "Checks what no linter sees: production settings, translations, pinned requirements."

    def handle(self, *args, **options):
        problems = [*production_problems(), *translation_problems(), *requirement_problems()]
        if problems:
            raise CommandError("\n".join(problems))
        self.stdout.write("Production settings, translations and requirements: nothing to say.")


def production_problems():
    """What `check --deploy` says with production's settings."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith("STRIPE_")} | PRODUCTION
    command = [sys.executable, settings.BASE_DIR / "manage.py", "check", "--deploy", "--fail-level", "WARNING"]
    result = subprocess.run(command, env=environ, capture_output=True, text=True)
    return [result.stderr] if result.returncode else []


def translation_problems():
    """Entries of locale/*/LC_MESSAGES/*.po that are left empty or marked as doubtful."""
    return [
        f"{path.relative_to(settings.BASE_DIR)}: {problem}"
        for path in sorted((settings.BASE_DIR / "locale").glob("*/LC_MESSAGES/*.po"))
        for entry in path.read_text().split("\n\n")
        for problem in entry_problems(entry)
    ]


def entry_problems(entry):
    """The problems of one entry of a .po file; an obsolete one (`#~`) has none."""
    lines = [line for line in entry.splitlines() if not line.startswith("#~")]
    source = text_of("msgid", lines)
    if any(line.startswith("#,") and "fuzzy" in line for line in lines):
        yield f"doubtful translation of {source!r}"
    for keyword in {line.split(" ")[0] for line in lines if line.startswith("msgstr")}:
        if not text_of(keyword, lines):
            yield f"no translation of {source!r}"


def text_of(keyword, lines):
    """The quoted text that follows this keyword, over as many lines as it takes."""
    found = re.search(rf'^{re.escape(keyword)} ((?:"(?:[^"\\]|\\.)*"\n?)+)', "\n".join(lines), re.MULTILINE)
    return "".join(re.findall(r'"((?:[^"\\]|\\.)*)"', found[1])) if found else ""


def requirement_problems():
    """Requirements asked for and not pinned, or pinned differently for production and development."""
    production, development = pins("requirements.txt"), pins("requirements-dev.txt")
    asked = {"requirements.in": production, "requirements-dev.in": development}
    for source, pinned in asked.items():
        for name in requested(source) - pinned.keys():
            yield f"{source}: {name} is not pinned: run pip-compile"
    for name, version in production.items():
        if development.get(name) != version:
            yield f"{name}: {version} in production, {development.get(name)} in development"


def pins(file):
    """{name: version} of a compiled requirements file."""
    return dict(re.findall(r"^([a-z0-9._-]+)==(\S+)", (settings.BASE_DIR / file).read_text().lower(), re.MULTILINE))


def requested(file):
    return set(re.findall(r"^([a-z0-9._-]+)", (settings.BASE_DIR / file).read_text().lower(), re.MULTILINE)) - {"-r"}
