"""What the invented professionals say of themselves: one sentence of each list, in this order."""

COMPANY_OPENINGS = [
    "Créée en {year}, {name} réunit {agents} agents autour de {town}.",
    "{name} travaille à {town} et dans les communes voisines depuis {year}.",
    "Nous sommes une équipe de {agents} agents, installée à {town} depuis {year}.",
    "Entreprise familiale de {town}, {name} emploie ses agents en CDI.",
    "Depuis {year}, {name} accompagne les organisateurs et les commerçants de {town}.",
    "Petite structure à taille humaine, {name} intervient à {town} et à {radius} km alentour.",
]
SOLE_OPENINGS = [
    "J’exerce seul à {town} depuis {year}, muni de ma carte professionnelle et de mon agrément.",
    "Installé à {town}, j’interviens moi-même sur chaque mission, sans sous-traitance.",
    "À mon compte depuis {year}, je me déplace jusqu’à {radius} km de {town}.",
    "Un seul interlocuteur, du devis à la fin de la vacation : moi. Je suis basé à {town}.",
]
SPECIALITIES = {
    "surveillance": [
        "Nous gardons chantiers, entrepôts et magasins, de jour comme de nuit.",
        "Mariages, concerts, salons : contrôle des accès, accueil du public et évacuation en bon ordre.",
        "Rondes écrites et horodatées, main courante remise à la fin de chaque vacation.",
        "Accueil souriant à l’entrée, discrétion dans la salle, fermeté quand il le faut.",
        "Filtrage, inspection visuelle des sacs et gestion des files, avec des agents des deux sexes.",
        "Nous connaissons les établissements recevant du public et leurs consignes.",
        "Spécialité : les nuits de gardiennage après un sinistre ou une vitrine brisée.",
        "Bars, salles et soirées étudiantes : de la mesure, du calme et de l’anticipation.",
    ],
    "protection": [
        "Accompagnement de dirigeants, d’artistes et de familles, en France et en déplacement.",
        "Repérage des lieux avant chaque mission, itinéraires de repli, confidentialité écrite.",
        "Une présence discrète, en tenue de ville, adaptée à votre agenda.",
        "Préparation soignée, chauffeur sur demande, compte rendu oral à la fin.",
    ],
}
METHODS = [
    "Un responsable vous rappelle la veille pour relire les consignes.",
    "Chaque agent arrive quinze minutes avant l’heure et se présente à vous.",
    "Vous recevez le nom et le numéro de carte de chaque agent avant la mission.",
    "Nous préférons refuser une mission que mal la tenir.",
    "Le devis est clair, sans frais de dossier.",
    "En cas d’absence, un remplaçant qualifié arrive dans l’heure.",
    "Tenue sobre, oreillettes fournies, gilet sur demande.",
    "Toutes nos missions sont assurées.",
]
CLOSINGS = [
    "Écrivez-nous : la réponse arrive le jour même.",
    "Décrivez le lieu et le public attendu, nous vous conseillons le bon nombre d’agents.",
    "Devis en quelques heures, y compris le week-end.",
    "N’hésitez pas à demander un échange avant de décider.",
    "",
]
