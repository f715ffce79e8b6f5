from accounts.actions import notify
from marketplace import formatting


def tell(mission, user, template, *, key="", due_at=None, **context):
    """Owe `user` the e-mail `template` about a mission, once per `key`; it announces and never quotes."""
    context.setdefault("url", mission.get_absolute_url())
    notify(
        user,
        template,
        f"mission:{mission.pk}:{template}:{key}",
        due_at=due_at,
        other=str(mission.other(user)),
        service=mission.get_service_display(),
        when=formatting.period(mission.starts_at, mission.ends_at, mission.timezone),
        number=mission.pk,
        **context,
    )
