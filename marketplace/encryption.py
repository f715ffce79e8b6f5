"""Encryption at rest, with keys that live apart from the database and can be rotated while running.

ENCRYPTION_KEYS lists Fernet keys, newest first: the first one writes, all of them read.
"""

from functools import cache

from cryptography.fernet import Fernet, MultiFernet
from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import Storage, storages
from django.db import models


@cache
def _fernet(keys):
    return MultiFernet([Fernet(key) for key in keys])


def encrypt(content):
    return _fernet(tuple(settings.ENCRYPTION_KEYS)).encrypt(content)


def decrypt(token):
    return _fernet(tuple(settings.ENCRYPTION_KEYS)).decrypt(token)


class EncryptedTextField(models.BinaryField):
    """Text that the database only ever sees encrypted; it cannot be searched or ordered by."""

    def __init__(self, *args, **kwargs):
        kwargs.setdefault("editable", True)
        super().__init__(*args, **kwargs)

    def get_prep_value(self, value):
        return None if value is None else encrypt(value.encode())

    def from_db_value(self, value, expression, connection):
        return None if value is None else decrypt(bytes(value)).decode()

    def to_python(self, value):
        return value

    def value_to_string(self, instance):
        return self.value_from_object(instance)

    def formfield(self, **kwargs):
        return models.TextField.formfield(self, **kwargs)


class EncryptedStorage(Storage):
    """Keeps each file encrypted in the storage named `private_files`; only a view that checks the right reads it."""

    @property
    def backend(self):
        return storages["private_files"]

    def _save(self, name, content):
        return self.backend.save(name, ContentFile(encrypt(content.read())))

    def _open(self, name, mode="rb"):
        with self.backend.open(name, mode) as stored:
            return ContentFile(decrypt(stored.read()), name=name)

    def delete(self, name):
        self.backend.delete(name)

    def exists(self, name):
        return self.backend.exists(name)

    def size(self, name):
        """Bytes at rest, a third more than the file itself."""
        return self.backend.size(name)

    def url(self, name):
        raise NotImplementedError("Private files have no address: serve them through a view that checks the right.")
