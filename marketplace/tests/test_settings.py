"""What production demands before it starts: each try is a process of its own, with an environment of its own."""

import os
import subprocess
import sys

import pytest
from django.conf import settings

COMPLETE = {
    "SECRET_KEY": "k" * 60,
    "ALLOWED_HOSTS": "exemple.fr",
    "SITE_URL": "https://exemple.fr",
    "DATABASE_URL": "postgresql://base/site",
    "REDIS_URL": "redis://file/0",
    "ENCRYPTION_KEYS": "ZGVtby1vbmx5LWVuY3J5cHRpb24ta2V5LTMyLWJ5dGU=",
    "EMAIL_HOST": "smtp.exemple.fr",
    "STRIPE_SECRET_KEY": "sk_live_x",
    "STRIPE_WEBHOOK_SECRETS": "whsec_a, whsec_b",
    "STRIPE_THIN_WEBHOOK_SECRETS": "whsec_c",
}


def start(**environ):
    """Load the settings as production does; what the process printed on its way out."""
    inherited = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return subprocess.run(
        [sys.executable, "-c", "import marketplace.settings as s; print(s.STRIPE_WEBHOOK_SECRETS)"],
        cwd=settings.BASE_DIR,
        env=inherited | environ,
        capture_output=True,
        text=True,
        check=False,
    )


def test_production_starts_with_everything_it_needs():
    assert start(**COMPLETE).stdout == "['whsec_a', 'whsec_b']\n"


@pytest.mark.parametrize("missing", COMPLETE)
def test_production_refuses_to_start_without(missing):
    started = start(**{name: value for name, value in COMPLETE.items() if name != missing})

    assert started.returncode == 1
    assert f"Set {missing}: production does not start without it" in started.stderr


def test_the_simulator_never_goes_with_a_live_key():
    for mode in ("production", "demo", "test"):
        started = start(**COMPLETE, MODE=mode, STRIPE_API_BASE="http://127.0.0.1:12111")
        assert "never goes with a live Stripe key" in started.stderr


def test_production_never_talks_to_the_simulator():
    started = start(**COMPLETE | {"STRIPE_SECRET_KEY": "sk_test_x"}, STRIPE_API_BASE="http://127.0.0.1:12111")

    assert "production talks to Stripe itself" in started.stderr
