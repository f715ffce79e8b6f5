"""Numbers that pass the checks and belong to nobody that we know of."""

from stdnum import luhn

ESTABLISHMENT = "0001"


def sirens(rng):
    """Yield SIREN, each once."""
    seen = set()
    while True:
        digits = f"{rng.randrange(90_000_000, 99_999_999)}"
        if digits not in seen:
            seen.add(digits)
            yield digits + luhn.calc_check_digit(digits)


def siret_of(siren):
    digits = siren + ESTABLISHMENT
    return digits + luhn.calc_check_digit(digits)


def title_number(kind, department, day, rng):
    """A number of a CNAPS title (kind AUT, AGD or CAR) that carries this date."""
    return f"{kind.upper()}-{department:0>3}-{day:%Y-%m-%d}-{rng.randrange(10**10, 10**11)}"
