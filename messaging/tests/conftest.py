import pytest

from messaging.tests.factories import make_thread


@pytest.fixture
def thread():
    """Overridden where the tests need one of another kind."""
    return make_thread()


@pytest.fixture
def client_user(thread):
    return thread.mission.client.user


@pytest.fixture
def professional_user(thread):
    return thread.mission.professional.user
