import shutil
import struct

import pytest

from marketplace.management.commands import check_project

TRANSLATED = '#: missions/price.py\nmsgid "Heure"\nmsgid_plural "Heures"\nmsgstr[0] "Hour"\nmsgstr[1] "Hours"'
LONG = 'msgid ""\n"Une phrase "\n"longue"\nmsgstr ""\n"A long "\n"sentence"'
HOLE = 'msgid "Heure"\nmsgstr ""'
PLURAL_HOLE = 'msgid "Heure"\nmsgid_plural "Heures"\nmsgstr[0] "Hour"\nmsgstr[1] ""'
DOUBTFUL = '#, fuzzy\nmsgid "Heure"\nmsgstr "Minute"'
OBSOLETE = '#~ msgid "Heure"\n#~ msgstr ""'


@pytest.mark.parametrize(
    ("entry", "problems"),
    [
        (TRANSLATED, []),
        (LONG, []),
        (OBSOLETE, []),
        (HOLE, ["no translation of 'Heure'"]),
        (PLURAL_HOLE, ["no translation of 'Heure'"]),
        (DOUBTFUL, ["doubtful translation of 'Heure'"]),
    ],
)
def test_a_hole_in_a_translation_is_found(entry, problems):
    assert list(check_project.entry_problems(entry)) == problems


CATALOG = (
    'msgid ""\nmsgstr "Content-Type: text/plain; charset=UTF-8\\nPlural-Forms: nplurals=2; plural=(n != 1);\\n"\n\n'
    'msgid "Heure « d’été »"\nmsgstr "\\"Summer\\" time"\n\n'
    'msgctxt "step"\nmsgid "Avis"\nmsgstr "Review"\n\n'
    'msgid "%(count)s avis"\nmsgid_plural "%(count)s avis"\n'
    'msgstr[0] "%(count)s review"\nmsgstr[1] "%(count)s reviews"\n'
)
READ = {
    "": "Content-Type: text/plain; charset=UTF-8\nPlural-Forms: nplurals=2; plural=(n != 1);\n",
    "Heure « d’été »": '"Summer" time',
    "step\x04Avis": "Review",
    ("%(count)s avis", 0): "%(count)s review",
    ("%(count)s avis", 1): "%(count)s reviews",
}


def test_a_catalog_is_read_as_the_standard_library_reads_its_compiled_form(tmp_path):
    assert check_project.translations(CATALOG.split("\n\n")) == READ
    (tmp_path / "django.mo").write_bytes(compiled(READ))
    assert check_project.read_compiled(tmp_path / "django.mo") == READ


def test_a_compiled_catalog_that_is_missing_or_older_is_found(tmp_path, settings):
    settings.BASE_DIR = tmp_path
    source, target = tmp_path / "django.po", tmp_path / "django.mo"
    source.write_text(CATALOG.replace("Plural-Forms", "POT-Creation-Date: 2026-11-22 22:16+0100\\nPlural-Forms"))
    stale = ["django.po: not what django.mo holds: run make messages"]
    assert list(check_project.catalog_problems(source)) == stale
    target.write_bytes(compiled(READ))
    assert list(check_project.catalog_problems(source)) == []
    target.write_bytes(compiled(READ | {"step\x04Avis": "Opinion"}))
    assert list(check_project.catalog_problems(source)) == stale


def test_a_plural_that_french_lacks_is_found(tmp_path):
    english, french = tmp_path / "en.po", tmp_path / "fr.po"
    english.write_text(CATALOG)
    french.write_text(CATALOG.split("\n\n")[0])
    assert check_project.plural_problems(english, french) == ["no French plural of '%(count)s avis'"]
    french.write_text(CATALOG)
    assert check_project.plural_problems(english, french) == []


def compiled(catalog):
    """A .mo file: a header, two tables of (length, offset), and the texts, each ended by a null byte."""
    plural = {
        source: "\0".join(catalog[source, form] for form in (0, 1))
        for source in {key[0] for key in catalog if isinstance(key, tuple)}
    }
    texts = {key: text for key, text in catalog.items() if isinstance(key, str)}
    texts |= {f"{source}\0{source}": text for source, text in plural.items()}
    sources = sorted(texts)
    tables, blob, start = [], b"", 28 + 16 * len(sources)
    for text in [*sources, *(texts[source] for source in sources)]:
        tables += [len(text.encode()), start + len(blob)]
        blob += text.encode() + b"\0"
    header = [0x950412DE, 0, len(sources), 28, 28 + 8 * len(sources), 0, start]
    return struct.pack(f"<{7 + len(tables)}I", *header, *tables) + blob


@pytest.mark.skipif(not shutil.which("xgettext"), reason="gettext is a maintainer's tool")
def test_a_string_of_the_source_without_translation_is_found(tmp_path, settings):
    settings.BASE_DIR = tmp_path
    (tmp_path / "manage.py").write_text(MANAGE)
    (tmp_path / "page.html").write_text('{% load i18n %}{% translate "Heure" %} {% translate "Minute" %}')
    source = tmp_path / "locale" / "en" / "LC_MESSAGES" / "django.po"
    source.parent.mkdir(parents=True)
    source.write_text(CATALOG + '\nmsgid "Heure"\nmsgstr "Hour"\n')
    assert check_project.source_problems(source) == ["no translation of 'Minute': run make messages"]


MANAGE = (
    "from django.conf import settings\nfrom django.core.management import execute_from_command_line\n"
    "settings.configure()\nexecute_from_command_line()\n"
)


def test_requirements_are_pinned_in_step(tmp_path, settings):
    settings.BASE_DIR = tmp_path
    (tmp_path / "requirements.in").write_text("# why\nDjango~=5.2.0\ncelery\nredis[hiredis]\n")
    (tmp_path / "requirements.txt").write_text("django==5.2.19\n    # via x\nredis==7.0\nkombu==5.7\n")
    (tmp_path / "requirements-dev.in").write_text("-r requirements.in\npytest\n")
    (tmp_path / "requirements-dev.txt").write_text("django==5.2.18\nredis==7.0\nkombu==5.7\npytest==9.0\n")
    assert list(check_project.requirement_problems()) == [
        "requirements.in: celery is not pinned: run pip-compile",
        "django: 5.2.19 in production, 5.2.18 in development",
    ]
