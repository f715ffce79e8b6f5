from django.urls import path

from marketplace.demo import views

app_name = "demo"

urlpatterns = [
    path("courriels/", views.mailbox, name="mailbox"),
    path("courriels/<str:key>/", views.mail, name="mail"),
    path("horloge/", views.clock_page, name="clock"),
    path("horloge/avancer/", views.clock_advance, name="clock_advance"),
    path("pannes/", views.fault_list, name="fault_list"),
    path("pannes/programmer/", views.fault_add, name="fault_add"),
    path("pannes/effacer/", views.fault_clear, name="fault_clear"),
    path("pannes/contester-un-debit/", views.dispute_open, name="dispute_open"),
    path("pannes/trancher-un-litige/", views.dispute_close, name="dispute_close"),
    path("pannes/refuser-un-remboursement/", views.refund_fail, name="refund_fail"),
    path("pannes/regler-un-compte/", views.account_set, name="account_set"),
    path("pannes/virer-un-solde/", views.account_pay_out, name="account_pay_out"),
    path("pannes/balayer/", views.sweep_run, name="sweep_run"),
    path("pannes/comparer/", views.reconcile_run, name="reconcile_run"),
    path("pannes/verifier/", views.audit_run, name="audit_run"),
    path("livre/", views.book, name="book"),
]
