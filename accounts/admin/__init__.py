from allauth.account.admin import EmailAddress
from allauth.account.decorators import secure_admin_login
from allauth.mfa.admin import Authenticator
from allauth.usersessions.admin import UserSession
from django.contrib import admin
from django.contrib.auth.admin import Group
from django.utils.translation import gettext_lazy

from accounts.admin.documents import DocumentAdmin
from accounts.admin.people import ClientAdmin, CommuneAdmin, NotificationAdmin, UserAdmin
from accounts.admin.professionals import ProfessionalAdmin

__all__ = ["ClientAdmin", "CommuneAdmin", "DocumentAdmin", "NotificationAdmin", "ProfessionalAdmin", "UserAdmin"]

# How people sign in is theirs, and rights are not given here; importing each from its admin registered it first.
admin.site.unregister([Group, EmailAddress, Authenticator, UserSession])

# Staff sign in by allauth, second factor included: Django's own form would ask for none.
admin.site.login = secure_admin_login(admin.site.login)
admin.site.site_header = admin.site.site_title = "MonAgentDeSécu"
admin.site.index_title = gettext_lazy("Équipe")
