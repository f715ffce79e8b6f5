from django.urls import path

from messaging.views import inquiries, missions, proposals, threads

app_name = "messaging"

urlpatterns = [
    path("tableau-de-bord/", missions.dashboard, name="dashboard"),
    path("missions/", missions.mission_list, name="mission_list"),
    path("messages/", threads.inbox, name="inbox"),
    path("messages/<int:pk>/", threads.thread, name="thread"),
    path("messages/<int:pk>/nouveautes/", threads.thread_updates, name="thread_updates"),
    path("messages/<int:pk>/envoyer/", threads.message_send, name="message_send"),
    path("messages/<int:pk>/decliner/", threads.inquiry_decline, name="inquiry_decline"),
    path("messages/<int:pk>/retirer/", threads.inquiry_withdraw, name="inquiry_withdraw"),
    path("messages/<int:pk>/proposition/", proposals.proposal_write, name="proposal_write"),
    path("messages/<int:pk>/proposition/prix/", proposals.proposal_price, name="proposal_price"),
    path("propositions/<int:pk>/accepter/", proposals.proposal_accept, name="proposal_accept"),
    path("propositions/<int:pk>/refuser/", proposals.proposal_decline, name="proposal_decline"),
    path("professionnels/<slug:slug>/contacter/", inquiries.inquiry_start, name="inquiry_start"),
    path("pieces/<int:pk>/", threads.attachment_file, name="attachment_file"),
]
