"""What the invented clients say: an opening by number of stars, a detail by service, a closing by stars."""

OPENINGS = {
    5: [
        "Prestation impeccable du début à la fin.",
        "Une équipe ponctuelle, souriante et très professionnelle.",
        "Rien à redire, tout s’est passé comme prévu.",
        "Excellente expérience, je me suis senti épaulé.",
        "Des agents à l’écoute, arrivés en avance.",
        "Exactement ce qu’il nous fallait.",
        "Très bon contact dès le premier message.",
        "Sérieux, calmes et efficaces.",
    ],
    4: [
        "Très bonne prestation dans l’ensemble.",
        "Une mission bien tenue.",
        "Agents sérieux et courtois.",
        "Bon travail, malgré un petit retard au démarrage.",
        "Satisfait de cette soirée.",
        "Bonne communication avant la mission.",
    ],
    3: [
        "Prestation correcte, sans plus.",
        "Mission faite, mais les consignes ont dû être répétées.",
        "Bilan mitigé.",
        "Agents polis, un peu passifs.",
        "Correct, mais j’attendais mieux à ce tarif.",
    ],
    2: [
        "Déçu par cette prestation.",
        "L’agent est arrivé en retard et mal informé.",
        "Les consignes n’ont pas été bien transmises à l’équipe.",
        "Trop de temps passé au téléphone.",
    ],
}
DETAILS = {
    "event": [
        "L’entrée de notre mariage s’est faite sans attente.",
        "Le filtrage à l’entrée du concert a été fluide.",
        "Deux débuts de tension ont été calmés sans bruit.",
        "Nos invités ont salué l’accueil.",
        "La sortie du public s’est faite dans le calme.",
        "Le rangement du parking a été bien guidé.",
        "Soirée étudiante de 300 personnes.",
        "Fête de quartier avec beaucoup de familles.",
    ],
    "guarding": [
        "Les rondes étaient régulières et notées.",
        "Le chantier n’a subi aucun vol pendant le week-end.",
        "La main courante nous a été remise au petit matin.",
        "L’agent connaissait bien les consignes d’incendie.",
        "Nous avions une vitrine brisée à garder pour la nuit.",
        "L’inventaire a pu se faire sereinement.",
        "Une intrusion a été signalée tout de suite.",
        "Le magasin a été fermé dans les règles.",
    ],
    "close_protection": [
        "Les déplacements entre la gare et l’hôtel étaient bien préparés.",
        "Présence discrète auprès de notre invitée.",
        "Le repérage de la veille a fait la différence.",
        "La confidentialité a été respectée.",
        "Les horaires ont changé deux fois, sans difficulté.",
    ],
}
CLOSINGS = {
    5: ["Je recommande.", "Nous referons appel à eux sans hésiter.", "Merci encore !", "À la prochaine édition.", ""],
    4: ["Je ferai de nouveau appel à eux.", "À recommander.", "Merci à l’équipe.", ""],
    3: ["À voir une autre fois.", "Il manque un peu d’initiative.", ""],
    2: ["Je chercherai ailleurs la prochaine fois.", "Le prix était pourtant conforme au devis.", ""],
}
ANSWERS = {
    5: [
        "Merci pour votre confiance, au plaisir de vous retrouver.",
        "Toute l’équipe vous remercie, et transmet vos mots aux agents.",
        "Merci beaucoup. C’était un plaisir de travailler avec vous.",
    ],
    4: [
        "Merci pour ce retour. Nous veillerons à l’heure d’arrivée.",
        "Merci, vos remarques nous aident à progresser.",
    ],
    3: [
        "Merci de votre franchise. Nous avons revu la transmission des consignes.",
        "Nous aurions aimé faire mieux, et restons joignables pour en parler.",
    ],
    2: [
        "Nous regrettons cette expérience. L’agent a été rappelé à l’ordre.",
        "Toutes nos excuses pour ce retard, dû à un accident sur la rocade.",
    ],
}
# How often a professional of each quality gets 5, 4, 3 and 2 stars.
QUALITIES = [(80, 17, 2, 1), (64, 28, 6, 2), (50, 36, 10, 4), (34, 40, 18, 8)]
QUALITY_WEIGHTS = [35, 35, 22, 8]


def write_review(rng, stars, service):
    parts = [rng.choice(OPENINGS[stars]), rng.choice(DETAILS[service]), rng.choice(CLOSINGS[stars])]
    if rng.random() < 0.25:
        parts.pop(1)
    return " ".join(part for part in parts if part)
