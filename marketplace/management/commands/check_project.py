import ast
import gettext
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

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
    """What is wrong in locale/, and where gettext is installed, what the source says and locale/en does not."""
    english, french = (settings.BASE_DIR / "locale" / name / "LC_MESSAGES" / "django.po" for name in ("en", "fr"))
    catalogs = [*catalog_problems(english), *catalog_problems(french), *plural_problems(english, french)]
    return catalogs or source_problems(english)


def catalog_problems(path):
    """The problems of a .po file, and whether the .mo beside it, the one Django reads, is another."""
    name = path.relative_to(settings.BASE_DIR)
    entries = entries_of(path)
    yield from (f"{name}: {problem}" for entry in entries for problem in entry_problems(entry))
    compiled = path.with_suffix(".mo")
    if not compiled.exists() or undated(read_compiled(compiled)) != undated(translations(entries)):
        yield f"{name}: not what {compiled.name} holds: run make messages"


def plural_problems(english, french):
    """Plurals that locale/fr lacks: without its entry, a source in French has the plural of English."""
    missing = translations(entries_of(english)).keys() - translations(entries_of(french)).keys()
    return sorted(f"no French plural of {source[0]!r}" for source in missing if source[1:] == (1,))


def source_problems(path):
    """Strings that `make messages` would add to this .po file, found on a copy of the project."""
    if not shutil.which("xgettext"):
        return []
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "project"
        shutil.copytree(settings.BASE_DIR, copy, ignore=shutil.ignore_patterns(".*", "var", "staticfiles"))
        command = [sys.executable, "manage.py", "makemessages", "-l", "en", "--no-wrap", "--verbosity", "0"]
        subprocess.run(command, cwd=copy, check=True)
        entries = entries_of(copy / path.relative_to(settings.BASE_DIR))
    return [f"{problem}: run make messages" for entry in entries for problem in entry_problems(entry)]


def entries_of(path):
    return path.read_text().split("\n\n")


def entry_problems(entry):
    """The problems of one entry of a .po file; an obsolete one (`#~`) has none."""
    texts = texts_of(entry)
    if texts and re.search("^#,.*fuzzy", entry, re.MULTILINE):
        yield f"doubtful translation of {texts['msgid']!r}"
    if not all(text for keyword, text in texts.items() if keyword.startswith("msgstr")):
        yield f"no translation of {texts['msgid']!r}"


def translations(entries):
    """{source: translation} of a .po file's entries, keyed as the standard library keys those of a .mo file."""
    found = {}
    for texts in filter(None, map(texts_of, entries)):
        source = "\x04".join(texts[keyword] for keyword in ("msgctxt", "msgid") if keyword in texts)
        for keyword, text in texts.items():
            if keyword.startswith("msgstr"):
                plural = keyword.removeprefix("msgstr").strip("[]")
                found[(source, int(plural)) if plural else source] = text
    return found


def read_compiled(path):
    with path.open("rb") as file:
        return gettext.GNUTranslations(file)._catalog


def undated(catalog):
    """The same without the date of extraction, which some versions of gettext leave out when they compile."""
    return catalog | {"": re.sub("POT-Creation-Date:.*\n", "", catalog[""])}


def texts_of(entry):
    """{keyword: text} of one entry of a .po file, where a text may be quoted over several lines."""
    found = re.findall(r'^(msg\S+) ((?:"(?:[^"\\]|\\.)*"\n?)+)', entry, re.MULTILINE)
    return {keyword: "".join(map(ast.literal_eval, lines.splitlines())) for keyword, lines in found}


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
