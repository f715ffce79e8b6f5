"""What each invented professional is: drawn before anything is saved, so that all is saved in bulk."""

from dataclasses import dataclass, field
from itertools import cycle

from django.utils.text import slugify

from accounts.models import Activity, Commune, Professional, Service
from accounts.places.names import fold
from marketplace.demo import accounts
from marketplace.demo.data import names
from marketplace.demo.data import presentations as texts
from marketplace.demo.identifiers import siret_of

COMPANY, SOLE = Professional.Kind.COMPANY, Professional.Kind.SOLE_OPERATOR
GUARD, CLOSE = Activity.SURVEILLANCE, Activity.PROTECTION

ALWAYS = [(day, 0, 1440) for day in range(1, 8)]
WEEKS = {
    "always": ALWAYS,
    "days": [(day, 480, 1200) for day in range(1, 6)],
    "shop": [(day, 540, 1260) for day in range(1, 7)],
    "nights": [(day, 1140, 1860) for day in range(1, 8)],
    "week-ends": [(5, 1080, 1440), (6, 0, 1440), (7, 0, 1440)],
    "evenings": [(day, 1020, 1680) for day in range(4, 8)],
}
WEEK_WEIGHTS = [42, 14, 10, 14, 10, 10]

# Towns where the demo shows something of everything, whatever its size: how many companies, then sole operators, of
# surveillance, and how many of close protection.
ANCHORS = {
    "75056": (5, 1, 2),
    "69123": (6, 2, 1),
    "44109": (3, 1, 1),
    "13055": (2, 1, 1),
    "97411": (2, 1, 1),
    "97101": (2, 1, 0),
    "97209": (2, 0, 1),
    "97302": (2, 1, 0),
    "97611": (2, 1, 0),
}
READY = {"notice_hours": 6, "minimum_minutes": 240}
SMALLEST_BASE = 10_000  # inhabitants

# What keeps some of them out of the searches: one of each first, then one for so many listed.
SITUATIONS = ["submitted", "expired", "draft", "refused", "expired", "unpayable", "suspended", "expired"]
SPECIAL_EVERY = 8

ILE_DE_FRANCE = {"75", "77", "78", "91", "92", "93", "94", "95"}
RATES = {  # euros per hour before VAT, as in the branch at the end of 2026
    (COMPANY, Service.GUARDING): (23, 28),
    (COMPANY, Service.EVENT): (25, 32),
    (COMPANY, Service.CLOSE_PROTECTION): (50, 80),
    (SOLE, Service.GUARDING): (22, 27),
    (SOLE, Service.EVENT): (24, 30),
    (SOLE, Service.CLOSE_PROTECTION): (45, 65),
}
CREOLE = {"971", "972", "973"}


@dataclass
class Profile:
    kind: str
    activity: str
    commune: Commune
    week: str = "always"
    situation: str = "listed"
    coined: str = ""
    email: str = ""
    contact: str = ""
    fields: dict = field(default_factory=dict)
    rates: dict = field(default_factory=dict)

    @property
    def hours(self):
        return WEEKS[self.week] if self.situation != "draft" else []

    @property
    def is_known(self):
        """Whether clients have already worked with them."""
        return self.situation not in ("submitted", "draft", "refused")

    def complete(self, rng, people, sirens):
        """Draw what is still open; what a demo account says of itself stays."""
        first, last = next(people)
        self.contact = self.contact or f"{first} {last}"
        drawn = self.draw(rng, last, next(sirens))
        self.fields = drawn | self.fields
        self.fields["sort_name"] = fold(self.fields["trade_name"])
        self.fields["slug"] = slugify(self.fields["trade_name"])
        self.email = self.email or f"contact@{self.fields['slug']}.example"
        self.fields["presentation"] = self.fields.get("presentation") or self.present(rng)
        self.rates = self.rates or self.draw_rates(rng)

    def draw(self, rng, last, siren):
        is_company = self.kind == COMPANY
        coined = f"{self.coined} {rng.choice(names.TRADES[self.activity])}"
        trade_name = self.fields.get("trade_name", coined if is_company else f"{self.contact}, agent indépendant")
        form = rng.choice(names.LEGAL_FORMS)
        return {
            "kind": self.kind,
            "activity": self.activity,
            "trade_name": trade_name,
            "legal_name": f"{trade_name} {form}" if is_company else f"{self.contact} EI",
            "siret": "" if self.situation == "draft" else siret_of(siren),
            "vat_regime": "franchise" if not is_company and rng.random() < 0.6 else "standard",
            "languages": draw_languages(rng, self.commune),
            "dog_handler": self.activity == GUARD and rng.random() < 0.15,
            "base_commune": self.commune,
            "radius_km": rng.choice([20, 30, 40, 50, 50, 60, 80, 100]),
            "agents": rng.choice([2, 3, 4, 5, 6, 8, 10, 12, 15, 20, 25, 30, 40]) if is_company else 1,
            "minimum_minutes": rng.choice([120, 180, 240, 240, 240, 240, 300, 360]),
            "notice_hours": rng.choice([2, 6, 12, 12, 12, 24, 24, 48]),
            "status": STATUSES.get(self.situation, Professional.Status.APPROVED),
            "status_reason": REASONS.get(self.situation, ""),
        }

    def present(self, rng):
        if self.situation == "draft":
            return ""
        openings = texts.COMPANY_OPENINGS if self.kind == COMPANY else texts.SOLE_OPENINGS
        opening = rng.choice(openings).format(
            name=self.fields["trade_name"],
            town=self.commune.name,
            agents=self.fields["agents"],
            radius=self.fields["radius_km"],
            year=rng.randrange(2005, 2025),
        )
        middle = [rng.choice(texts.SPECIALITIES[self.activity]), rng.choice(texts.METHODS)]
        return " ".join(filter(None, [opening, *middle, rng.choice(texts.CLOSINGS)]))

    def draw_rates(self, rng):
        """Cents per hour: in steps of 50 cents, a tenth dearer in Île-de-France."""
        services = [service for service in Service if service.activity == self.activity]
        dearer = 110 if self.commune.department in ILE_DE_FRANCE else 100
        return {service: rng.randrange(*rate_range(self.kind, service), 50) * dearer // 100 for service in services}


STATUSES = {
    "draft": Professional.Status.DRAFT,
    "submitted": Professional.Status.SUBMITTED,
    "refused": Professional.Status.REFUSED,
    "suspended": Professional.Status.SUSPENDED,
}
REASONS = {
    "refused": "L’extrait Kbis déposé est illisible. Déposez-en une copie complète de moins de trois mois.",
    "suspended": "Plusieurs absences signalées sans réponse de votre part. Écrivez-nous pour en parler.",
}


def rate_range(kind, service):
    lowest, highest = RATES[kind, service]
    return lowest * 100, highest * 100 + 50


def draw_languages(rng, commune):
    others = ["en", "en", "en", "es", "de", "it", "pt", "ar"]
    local = ["gcf"] if commune.department in CREOLE else []
    return list(dict.fromkeys(["fr", *local, *rng.sample(others, rng.choice([0, 1, 1, 2]))]))


def demo_profiles():
    """The two professionals of the demo accounts, both in Lyon."""
    lyon = Commune.objects.get(pk="69123")
    company = Profile(COMPANY, GUARD, lyon, email=accounts.COMPANY, contact="Nadia Ferrand")
    company.fields = {
        "trade_name": "Vigie des Deux Rives",
        "agents": 14,
        "radius_km": 60,
        "minimum_minutes": 180,
        "notice_hours": 2,
        "dog_handler": True,
        "languages": ["fr", "en", "es"],
        "presentation": "Nous gardons les fêtes, les magasins et les chantiers de Lyon et de ses environs. "
        "Un responsable vous rappelle la veille pour relire les consignes, et la main courante vous est remise "
        "à la fin de chaque vacation.",
    }
    company.rates = {Service.EVENT: 2750, Service.GUARDING: 2500}
    sole = Profile(SOLE, GUARD, lyon, email=accounts.SOLE_OPERATOR, contact="Yanis Kermarrec")
    sole.fields = {
        "trade_name": "Yanis Kermarrec, agent indépendant",
        "radius_km": 40,
        "notice_hours": 2,
        "minimum_minutes": 180,
        "vat_regime": "franchise",
        "languages": ["fr", "en"],
    }
    sole.rates = {Service.EVENT: 2600, Service.GUARDING: 2300}
    return [company, sole]


def invented_profiles(rng, size):
    """Profiles spread over France: the anchors first, then by population."""
    found = [*anchored(), *spread(rng, size)][:size]
    coined = names.firm_names(rng)
    for profile in found:
        profile.coined = next(coined) if profile.kind == COMPANY else ""
    return found


def anchored():
    """Listed, open day and night and on short notice, so that every search of the demo's towns finds somebody."""
    communes = Commune.objects.in_bulk(ANCHORS)
    for insee, numbers in ANCHORS.items():
        for (kind, activity), number in zip([(COMPANY, GUARD), (SOLE, GUARD), (COMPANY, CLOSE)], numbers, strict=True):
            yield from (Profile(kind, activity, communes[insee], fields=dict(READY)) for _ in range(number))


def spread(rng, size):
    communes = list(bases())
    drawn = rng.choices(communes, weights=[commune.population for commune in communes], k=size)
    situations = cycle(SITUATIONS)
    for number, commune in enumerate(drawn, start=1):
        (week,) = rng.choices(list(WEEKS), weights=WEEK_WEIGHTS)
        yield Profile(
            COMPANY if rng.random() < 0.7 else SOLE,
            GUARD if rng.random() < 0.87 else CLOSE,
            commune,
            week,
            next(situations) if is_special(number) else "listed",
        )


def is_special(number):
    return number <= len(SITUATIONS) or number % SPECIAL_EVERY == 0


def bases():
    """Communes large enough for a firm, the largest cities whole."""
    found = Commune.objects.filter(population__gte=SMALLEST_BASE).order_by("pk")
    return (commune for commune in found if not is_arrondissement(commune.pk))


def is_arrondissement(insee):
    return insee.startswith(("751", "6938", "132"))
