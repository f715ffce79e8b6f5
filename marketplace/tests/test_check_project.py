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
