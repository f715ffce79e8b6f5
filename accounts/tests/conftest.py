import pytest

from accounts.tests.factories import make_client, make_professional, make_staff


@pytest.fixture(autouse=True)
def files_in_a_folder_of_their_own(settings, tmp_path):
    """Uploads of a test go with it."""
    backend = {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": tmp_path}}
    settings.STORAGES = settings.STORAGES | {"default": backend, "private_files": backend}


@pytest.fixture
def professional():
    return make_professional()


@pytest.fixture
def customer():
    return make_client()


@pytest.fixture
def staff():
    return make_staff()


@pytest.fixture
def as_professional(client, professional):
    client.force_login(professional.user)
    return client


@pytest.fixture
def as_customer(client, customer):
    client.force_login(customer.user)
    return client


@pytest.fixture
def as_staff(client, staff):
    client.force_login(staff)
    return client
