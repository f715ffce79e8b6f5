from allauth.mfa.adapter import DefaultMFAAdapter

from marketplace import encryption


class SecondFactorAdapter(DefaultMFAAdapter):
    """Keeps the secrets of the second factors encrypted, as allauth leaves to us."""

    def encrypt(self, text):
        return encryption.encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text):
        return encryption.decrypt(encrypted_text.encode()).decode()
