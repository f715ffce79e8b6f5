from accounts.models import Professional


def lock_professional(professional_id):
    """The first lock of every action that touches a file or a mission; rows that only refer to it stay free."""
    return Professional.objects.select_for_update(no_key=True).get(pk=professional_id)
