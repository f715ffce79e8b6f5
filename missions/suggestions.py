"""What to change in a search nobody answers: why it fails, and what gives a result."""

from collections import Counter
from dataclasses import dataclass, replace
from datetime import timedelta

from django.db.models import Count, Max, Q
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from marketplace import formatting
from missions import words
from missions.conditions import free_seats, listings, meeting, quick_conditions, slow_conditions
from missions.models.terms import seats_for
from missions.search import Search, count_each, offers
from missions.walltime import NonexistentTime, instant

COUNTED = 200  # at most, and one more to know there are more
SAMPLE = 1000  # enough to say why, even where many thousands come


@dataclass(frozen=True)
class WayOut:
    """The same search with one thing changed, and how many professionals it finds."""

    icon: str
    title: str
    note: str
    search: Search
    count: int

    @property
    def found(self):
        return words.professionals(self.count, cap=COUNTED)


def ways_out(search, *, now):
    """The nearest changes that give a result, each of another kind. Two queries at most."""
    kinds = [list(kind(search, now)) for kind in (fewer_agents, other_durations, other_hours, other_days)]
    counts = count_found([change for changes in kinds for *_words, change in changes], now)
    found = (
        [WayOut(*words, change, counts[change]) for *words, change in changes if counts[change]] for changes in kinds
    )
    return [ways[0] for ways in found if ways]


def count_found(searches, now):
    """How many professionals each search finds, one more than COUNTED at most. One query."""
    asked = list(dict.fromkeys(search for search in searches if can_be_asked(search, now)))
    counts = count_each([offers(search, now=now) for search in asked], cap=COUNTED)
    return Counter(dict(zip(asked, counts, strict=True)))


def can_be_asked(search, now):
    """Not in the past, nor in the hour that comes a second time in autumn: its time of day says the first one."""
    return search.starts_at > now and search.local_start.fold == 0


def fewer_agents(search, now):
    """As many agents as the best provided professional has free, among SAMPLE of them."""
    if search.agents == 1:
        return
    alone = replace(search, agents=1)
    free = offers(alone, now=now).matching.annotate(free=free_seats(alone))
    most = free[:SAMPLE].aggregate(most=Max("free"))["most"] or 0
    agents = most // seats_for(1, search.minutes)
    if 0 < agents < search.agents:
        title = _("Demander %(agents)s au lieu de %(asked)s") % {
            "agents": formatting.agents(agents),
            "asked": formatting.number(search.agents),
        }
        note = _("Vous pouvez ensuite compléter avec un deuxième professionnel.")
        yield "users", title, note, replace(search, agents=agents)


def other_durations(search, now):
    """At least the 4 hours most ask for; at most the 12 after which each post takes two agents; or two hours less."""
    for minutes in (240, 720):
        if (minutes == 240 and search.minutes < 240) or (minutes == 720 and search.minutes > 720):
            title = _("Demander %(duration)s de présence") % {"duration": formatting.duration(minutes)}
            yield "hourglass", title, *described(replace(search, minutes=minutes))
    if search.minutes >= 360:
        shorter = replace(search, minutes=search.minutes - 120)
        yield "hourglass", _("Terminer deux heures plus tôt"), *described(shorter)
        later = replace(shorter, starts_at=search.starts_at + timedelta(hours=2))
        yield "hourglass", _("Commencer deux heures plus tard, sans finir plus tard"), *described(later)


def other_hours(search, now):
    for hours in (1, -1, 2, -2, 4, -4):
        moved = replace(search, starts_at=search.starts_at + timedelta(hours=hours))
        title = _("Commencer à %(hour)s") % {"hour": formatting.hour(moved.starts_at, moved)}
        if moved.local_start.date() == search.local_start.date():
            yield "clock", title, *described(moved)


def other_days(search, now):
    for days in (1, -1, 2, -2, 7, -7):
        local = search.local_start
        try:
            starts_at = instant(local.date() + timedelta(days=days), local.time(), search.zone)
        except NonexistentTime:
            continue
        title = _("Passer au %(day)s") % {"day": formatting.day(starts_at, search)}
        yield "calendar", title, _("Mêmes heures, même lieu."), replace(search, starts_at=starts_at)


def described(search):
    """Its hours as a note, and the search itself."""
    return capfirst(formatting.span(search.starts_at, search.ends_at, search)) + ".", search


# Why


@dataclass(frozen=True)
class Reason:
    """How many offer the service at the place, and the condition most of them miss, with how many do."""

    search: Search
    present: int
    condition: str
    missed: int

    @property
    def title(self):
        at = {"at": self.search.at}
        if not self.present:
            return _("Personne n’intervient encore %(at)s pour cette prestation") % at
        return {
            "duration": _("Personne ne vient %(at)s pour une mission si courte"),
            "notice": _("Personne ne peut venir aussi vite %(at)s"),
            "horizon": _("Personne ne prend de réservation si longtemps à l’avance %(at)s"),
            "agents": _("Personne n’a assez d’agents %(at)s"),
            "hours": _("Personne n’est ouvert à ces heures %(at)s"),
            "seats": _("Personne n’a assez d’agents libres à ces heures %(at)s"),
        }[self.condition] % at

    @property
    def sentences(self):
        if not self.present:
            return _("Aucun professionnel vérifié ne couvre cette commune.")
        present = ngettext(
            "%(count)s professionnel y intervient pour cette prestation.",
            "%(count)s professionnels y interviennent pour cette prestation.",
            self.present,
        ) % {"count": formatting.number(self.present)}
        missing = _("Ce qui manque le plus souvent : %(what)s (%(missed)s sur %(present)s).") % {
            "what": MISSING[self.condition],
            "missed": formatting.number(self.missed),
            "present": formatting.number(self.present),
        }
        relief = _("Au-delà de 12 h, chaque poste demande deux agents, qui se relaient.")
        return " ".join([present, missing, *([relief] if self.search.seats > self.search.agents else [])])


MISSING = {
    "duration": gettext_lazy("une mission plus longue"),
    "notice": gettext_lazy("un délai plus long avant le début"),
    "horizon": gettext_lazy("une date plus proche"),
    "agents": gettext_lazy("assez d’agents dans l’équipe"),
    "hours": gettext_lazy("des horaires ouverts pendant toute la mission"),
    "seats": gettext_lazy("assez d’agents encore libres à ces heures"),
}


def main_reason(search, *, now):
    """What those who come to the place miss most, or SAMPLE of them where they are more."""
    present = listings(search).filter(quick_conditions(search, now)["papers"], slow_conditions(search)["distance"])
    missed = meeting(present, search, now)[:SAMPLE].aggregate(
        present=Count("pk"), **{name: Count("pk", filter=Q(**{f"meets_{name}": False})) for name in MISSING}
    )
    worst = max(MISSING, key=lambda name: missed[name])
    return Reason(search, missed["present"], worst, missed[worst])
