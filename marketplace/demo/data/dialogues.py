"""What the people of the demo's missions ask, and write to each other: client and professional in turn."""

# One request for each scene: service, place, address, instructions, then the messages.
WEDDING = {
    "service": "event",
    "place": "hall",
    "address": "14 quai Rambaud",
    "instructions": "Contrôler les invitations à l’entrée, surveiller le parking, accompagner la sortie à 3 h.",
    "expected_public": 180,
    "alcohol": True,
    "messages": [
        "Bonjour, nous nous marions et cherchons deux personnes pour l’entrée et le parking. Seriez-vous libres ?",
        "Bonjour et félicitations ! Oui, nous sommes libres. Combien d’invités attendez-vous ?",
        "Environ 180, avec un vin d’honneur dehors puis le dîner dans la salle.",
        "Parfait, deux agents conviennent. Je vous envoie une proposition.",
    ],
}
SHOP = {
    "service": "guarding",
    "place": "shop",
    "address": "6 rue Mercière",
    "instructions": "La vitrine est brisée. Rester à l’intérieur, ronde toutes les demi-heures.",
    "messages": [
        "Bonjour, notre vitrine a été brisée. Pouvez-vous garder la boutique pendant la nuit ?",
        "Bonjour, oui, un agent peut venir. Y a-t-il une alarme en service ?",
        "Elle fonctionne encore, je vous donnerai le code sur place.",
    ],
}
PARTY = {
    "service": "event",
    "place": "nightlife",
    "address": "31 rue Sainte-Catherine",
    "instructions": "Filtrage à l’entrée, jauge de 120 personnes, pas de verre dans la rue.",
    "expected_public": 120,
    "alcohol": True,
    "messages": [
        "Bonsoir, j’organise un anniversaire dans un bar privatisé, 120 personnes. Est-ce dans vos habitudes ?",
        "Bonsoir, tout à fait. Prévoyez-vous un vestiaire ?",
        "Oui, tenu par le bar. Il nous faut surtout quelqu’un de calme à l’entrée.",
        "Entendu. Nous venons un quart d’heure avant pour relire les consignes.",
    ],
}
SITE = {
    "service": "guarding",
    "place": "building_site",
    "address": "Chemin du Moulin-Carron",
    "instructions": "Deux accès : le portail nord reste fermé. Appeler le chef de chantier en cas d’intrusion.",
    "messages": [
        "Bonjour, des engins restent sur le chantier cette nuit. Il nous faut un gardien jusqu’au matin.",
        "Bonjour, d’accord. Le chantier est-il éclairé ?",
        "En partie. Il y a un bungalow chauffé pour l’agent.",
    ],
}
OPENING = {
    "service": "event",
    "place": "shop",
    "address": "22 rue Auguste-Comte",
    "instructions": "Vernissage : accueillir, compter les entrées, garder un œil sur les œuvres de la salle 2.",
    "expected_public": 150,
    "messages": [
        "Bonjour, nous préparons un vernissage de 150 personnes. Les œuvres sont accrochées à portée de main.",
        "Bonjour, nous avons l’habitude des galeries. Deux agents, en costume, vous conviendraient-ils ?",
        "Très bien, en costume sombre de préférence.",
    ],
}
GUEST = {
    "service": "close_protection",
    "place": "hall",
    "address": "1 place Bellecour",
    "instructions": "Accompagner une conférencière de la gare à l’hôtel, puis à la salle. Confidentiel.",
    "messages": [
        "Bonjour, nous recevons une conférencière exposée. Pouvez-vous l’accompagner toute la journée ?",
        "Bonjour, oui. Je peux faire le repérage la veille.",
    ],
}
FLAT = {
    "service": "guarding",
    "place": "home",
    "address": "9 montée de la Grande-Côte",
    "instructions": "La porte est forcée, le serrurier passe demain à 9 h.",
    "messages": [
        "Bonjour, ma porte a été forcée. Quelqu’un peut-il rester chez moi jusqu’à demain matin ?",
        "Bonjour, je peux venir moi-même. Avez-vous l’accord de la copropriété pour l’entrée ?",
        "Oui, la gardienne vous ouvrira.",
    ],
}
FAIR = {
    "service": "event",
    "place": "open_air",
    "address": "Place Carnot",
    "instructions": "Guider les exposants à l’ouverture, surveiller les stands pendant la pause de midi.",
    "expected_public": 400,
    "messages": [
        "Bonjour, notre brocante de quartier a lieu ce jour-là. Il nous faudrait du renfort pour l’installation.",
        "Bonjour, c’est une belle idée. Jusqu’à quelle heure restent les exposants ?",
        "Jusqu’à 18 h, le démontage est rapide.",
    ],
}
PROGRAMME = [
    "Déroulé : 18 h installation, 19 h ouverture des portes, 23 h musique, 3 h fermeture.",
    "Contact sur place : la régisseuse, à l’entrée des artistes.",
]
