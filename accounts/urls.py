from django.urls import path

from accounts.views import documents, places, profile

app_name = "accounts"

urlpatterns = [
    path("communes/", places.commune_suggest, name="commune_suggest"),
    path("compte/profil/", profile.client_edit, name="client_edit"),
    path("pro/profil/", profile.profile_edit, name="profile_edit"),
    path("pro/dossier/", profile.profile_submit, name="profile_submit"),
    path("pro/tarifs/", profile.rates_edit, name="rates_edit"),
    path("pro/documents/", documents.document_list, name="document_list"),
    path("pro/documents/<str:kind>/", documents.document_add, name="document_add"),
    path("documents/<int:pk>/fichier/", documents.document_file, name="document_file"),
    path("documents/<int:pk>/page/<int:number>.png", documents.document_page, name="document_page"),
]
