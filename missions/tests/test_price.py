from decimal import ROUND_HALF_UP, Decimal

import pytest
from django.db.models import F
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import Professional
from accounts.tests.factories import make_commune, make_professional
from missions.models import Listing
from missions.price import OVERSEAS_VAT_BASIS_POINTS, hourly_all_in_cents, quote, total_expression, vat_basis_points

rates = st.integers(100, 100_000)
durations = st.integers(4, 288).map(lambda quarters: quarters * 15)
crews = st.integers(1, 100)
vat_rates = st.sampled_from([0, 850, 2000])
parts = st.integers(0, 10_000)


def half_up(amount):
    return int(Decimal(amount).quantize(Decimal(1), ROUND_HALF_UP))


def test_the_price_of_an_evening():
    price = quote(2600, 480, 2, 2000)
    assert (price.service_cents, price.vat_cents, price.commission_cents, price.commission_vat_cents) == (
        41600,
        8320,
        6240,
        1248,
    )
    assert (price.professional_cents, price.platform_cents, price.total_cents) == (49920, 7488, 57408)
    assert price.before_vat_cents == 47840
    assert hourly_all_in_cents(price, 480, 2) == 3588


@given(rates, durations, crews, vat_rates)
def test_each_line_is_rounded_half_up_on_its_own(hourly_cents, minutes, agents, vat):
    price = quote(hourly_cents, minutes, agents, vat)
    service = half_up(Decimal(hourly_cents) * minutes * agents / 60)
    commission = half_up(Decimal(service) * 15 / 100)
    assert price.service_cents == service
    assert price.vat_cents == half_up(Decimal(service) * vat / 10_000)
    assert price.commission_cents == commission
    assert price.commission_vat_cents == half_up(Decimal(commission) * 20 / 100)
    assert price.total_cents == price.professional_cents + price.platform_cents


@given(rates, durations, crews, vat_rates, parts)
def test_a_part_of_a_price_is_the_part_of_each_line(hourly_cents, minutes, agents, vat, part):
    price = quote(hourly_cents, minutes, agents, vat)
    scaled = price.scaled(part)
    for line in ("service_cents", "vat_cents", "commission_cents", "commission_vat_cents"):
        assert getattr(scaled, line) == half_up(Decimal(getattr(price, line)) * part / 10_000)
    assert scaled.vat_basis_points == vat
    assert scaled.total_cents <= price.total_cents


@given(rates, durations, crews, vat_rates)
def test_the_whole_and_nothing_are_exact(hourly_cents, minutes, agents, vat):
    price = quote(hourly_cents, minutes, agents, vat)
    assert price.scaled(10_000) == price
    assert price.scaled(0).total_cents == 0


@pytest.mark.parametrize(("cents", "expected"), [(2, 1), (6, 2), (10, 3)])
def test_a_half_cent_goes_up(cents, expected):
    assert quote(cents, 15, 1, 0).service_cents == expected


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("department", "expected"), [("69", 2000), ("2A", 2000), ("971", 850), ("974", 850), ("973", 0), ("976", 0)]
)
def test_vat_follows_the_department_of_the_base(department, expected):
    commune = make_commune("99001", "Ailleurs", department=department)
    assert vat_basis_points(make_professional(base_commune=commune)) == expected


@pytest.mark.django_db
def test_no_vat_in_franchise():
    assert vat_basis_points(make_professional(vat_regime=Professional.VatRegime.FRANCHISE)) == 0


@pytest.fixture
def professional(db):
    return make_professional(rates={"guarding": 100})


@given(rates, durations, crews, st.sampled_from(["69", *OVERSEAS_VAT_BASIS_POINTS]), st.booleans())
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_price_in_sql_is_the_price_in_python(professional, hourly_cents, minutes, agents, department, franchise):
    professional.rates.update(hourly_cents=hourly_cents)
    professional.vat_regime = "franchise" if franchise else "standard"
    professional.save(update_fields=["vat_regime"])
    professional.base_commune.department = department
    professional.base_commune.save(update_fields=["department"])
    total = total_expression(F("hourly_cents"), minutes, agents)
    in_sql = Listing.objects.annotate(total=total).get(professional=professional, service="guarding").total
    assert in_sql == quote(hourly_cents, minutes, agents, vat_basis_points(professional)).total_cents
