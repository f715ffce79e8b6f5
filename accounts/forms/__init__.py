from accounts.forms.availability import ExceptionForm, WeekFormSet
from accounts.forms.booking_rules import BookingRulesForm
from accounts.forms.calendars import ExternalCalendarForm
from accounts.forms.client import ClientForm
from accounts.forms.documents import DocumentForm
from accounts.forms.profile import ProfileForm
from accounts.forms.rates import EurosField, RatesForm
from accounts.forms.signup import SignupForm

__all__ = [
    "BookingRulesForm",
    "ClientForm",
    "DocumentForm",
    "EurosField",
    "ExceptionForm",
    "ExternalCalendarForm",
    "ProfileForm",
    "RatesForm",
    "SignupForm",
    "WeekFormSet",
]
