"""The people of the demo: accounts, clients and professionals, made in bulk."""

from dataclasses import dataclass

from allauth.account.models import EmailAddress
from allauth.mfa.totp.internal.auth import TOTP
from django.contrib.auth.hashers import make_password
from django.utils.text import slugify

from accounts.models import Client, Professional, Rate, User, WeeklyHours
from marketplace.demo import accounts, profiles
from marketplace.demo.data import names
from marketplace.demo.identifiers import sirens

INVENTED_CLIENTS = 90


@dataclass
class Cast:
    """Who plays in the demo's missions. `regulars` are the clients of the past missions."""

    staff: User
    client: Client
    business: Client
    company: Professional
    sole_operator: Professional
    professionals: list
    regulars: list


def make_cast(rng, size, now):
    """Make everybody: `size` professionals besides the two of the demo accounts."""
    maker = Maker(rng, now)
    staff = maker.staff()
    profiles_ = profiles.demo_profiles() + profiles.invented_profiles(rng, size)
    professionals = maker.professionals(profiles_)
    client, business, *regulars = maker.clients()
    company, sole_operator, *_others = professionals
    return Cast(staff, client, business, company, sole_operator, professionals, regulars)


class Maker:
    def __init__(self, rng, now):
        self.rng = rng
        self.now = now
        self.password = make_password(accounts.PASSWORD)
        self.people = names.people(rng)
        self.sirens = sirens(rng)

    def staff(self):
        (user,) = self.users([(accounts.STAFF, "Équipe MonAgentDeSécu")], is_staff=True, is_superuser=True)
        TOTP.activate(user, accounts.STAFF_TOTP_SECRET)
        return user

    def users(self, people, **fields):
        """Users with verified addresses, from (address, name) pairs."""
        fields |= {"password": self.password, "terms_accepted_at": self.now}
        users = User.objects.bulk_create(User(email=email, name=name, **fields) for email, name in people)
        EmailAddress.objects.bulk_create(
            EmailAddress(user=user, email=user.email, verified=True, primary=True) for user in users
        )
        return users

    def clients(self):
        kinds = Client.Kind
        wanted = [
            (accounts.CLIENT, "Camille Morvan", kinds.INDIVIDUAL),
            (accounts.BUSINESS, "Galerie Lumen", kinds.BUSINESS),
            *((None, name, kinds.ASSOCIATION) for name in names.lines(names.ASSOCIATIONS)),
            *((None, name, kinds.BUSINESS) for name in names.lines(names.BUSINESSES)),
        ]
        while len(wanted) < INVENTED_CLIENTS:
            wanted.append((None, " ".join(next(self.people)), kinds.INDIVIDUAL))
        users = self.users((email or f"{slugify(name)}@client.example", name) for email, name, _kind in wanted)
        return Client.objects.bulk_create(
            self.client(user, kind) for user, (_email, _name, kind) in zip(users, wanted, strict=True)
        )

    def client(self, user, kind):
        siren = next(self.sirens) if kind == Client.Kind.BUSINESS else ""
        return Client(user=user, kind=kind, name=user.name, phone=phone(self.rng), siren=siren)

    def professionals(self, wanted):
        for profile in wanted:
            profile.complete(self.rng, self.people, self.sirens)
        users = self.users((profile.email, profile.contact) for profile in wanted)
        made = Professional.objects.bulk_create(
            Professional(user=user, phone=phone(self.rng), **profile.fields)
            for user, profile in zip(users, wanted, strict=True)
        )
        for professional, profile in zip(made, wanted, strict=True):
            professional.profile = profile
        Rate.objects.bulk_create(
            Rate(professional=professional, service=service, hourly_cents=cents)
            for professional in made
            for service, cents in professional.profile.rates.items()
        )
        WeeklyHours.objects.bulk_create(
            WeeklyHours(professional=professional, weekday=day, opens_minute=opens, closes_minute=closes)
            for professional in made
            for day, opens, closes in professional.profile.hours
        )
        return made


def phone(rng):
    """A number of the range kept for fiction (ARCEP decision 2018-0881)."""
    return f"063998{rng.randrange(10_000):04}"
