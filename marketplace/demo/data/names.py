"""Invented people and firms. The firms' names are coined from two halves, so that none is anybody's."""

from itertools import product

FIRST_NAMES = """
Adèle Aïcha Alban Amandine Amina Anaïs Antoine Arnaud Assia Aurélie Baptiste Benoît Camille Candice Cédric Chloé
Clara Clément Coralie Damien Delphine Diane Driss Éloïse Elsa Émilien Erwan Fabien Farid Fatou Florian Gaël Gaëlle
Grégory Guillaume Hakim Hélène Hugo Ibrahim Inès Ismaël Jérôme Jordan Julie Karim Kévin Laetitia Laurent Léa Lionel
Louise Lucas Maëlle Malik Manon Marc Margaux Mathilde Maxime Mehdi Mélanie Mickaël Moussa Nadia Nathan Nicolas Nolwenn
Océane Olivier Oumar Pauline Perrine Pierre Quentin Rachid Raphaël Rémi Romain Sabrina Salomé Samuel Sandrine Sarah
Sébastien Simon Sofiane Solène Stéphane Sylvain Tanguy Thibault Thomas Valentin Vincent Yanis Yasmine Yann Zoé
"""

LAST_NAMES = """
Abadie Arnoux Aubertin Bailleul Barreau Bazin Belkacem Benali Bertin Besson Blanchet Boisseau Bonnard Bouchet Bourdin
Brunel Cadiou Carpentier Cazenave Chauvet Chevallier Cissé Cordier Coulibaly Courtois Daniel Delacroix Delmas Diallo
Dufresne Dujardin Duval Esnault Fabre Faivre Ferrand Fofana Fontaine Gaillard Garnier Gauthier Girard Gosselin Grondin
Guérin Guillou Hamon Hoarau Hubert Jacquet Jouve Julien Kermarrec Lacombe Lafont Lagarde Lambert Lebreton Leclerc
Lefort Legrand Lemaire Levasseur Loiseau Maillard Mansouri Marchal Maréchal Masson Mercier Meunier Monnier Morvan
Moulin Navarro Nicolle Noël Payet Pelletier Perrot Picard Poirier Pottier Prévost Quéré Renaud Rivière Rocher Rousseau
Roux Salaün Sauvage Savary Tessier Thierry Touré Traoré Tual Vasseur Verdier Vidal Villain Weber Yilmaz Zidane
"""

FIRST_HALVES = """
Guet Veille Garde Ronde Clef Phare Vigi Senti Tour Lampe Pas Seuil Mire Brume Quart Halo Arche Relais Fanal
"""
SECOND_HALVES = "lune aube nuit rive mont val clair bois mer lis ance dor lieu combe vent pont roche lande"
TRADES = {
    "surveillance": ["Sécurité", "Surveillance", "Gardiennage", "Accueil et sûreté", "Sûreté"],
    "protection": ["Protection rapprochée", "Protection", "Accompagnement"],
}
LEGAL_FORMS = ["SARL", "SAS", "SASU", "EURL"]

ASSOCIATIONS = """
Comité des fêtes de la Butte|Les Amis du marché couvert|Club nautique du Môle|Festival des Passerelles
Amicale des commerçants du Pont|Théâtre de la Verrière|Fanfare des Quatre-Vents|Cyclo-club des Trois Rivières
Association Lire au jardin|Les Foulées du dimanche|Cinéma associatif L’Écran bleu|Ludothèque La Marelle
"""
BUSINESSES = """
Librairie du Canal|Domaine des Tilleuls|Atelier Brindille|Hôtel de la Halle|Brasserie La Soupape|Chantiers Ferro
Galerie Ombre et Jour|Pépinières du Gué|Salle Le Tremplin|Magasin Fil d’Ariane|Imprimerie du Faubourg
Cave Les Douze Pierres|Entrepôts du Carreau nord|Agence Belle Allure|Menuiserie Copeau|Bijouterie L’Anneau clair
"""


def lines(text):
    return [name for line in text.strip().splitlines() for name in line.split("|")]


def firm_names(rng):
    """Yield coined names, each once."""
    halves = [first + second for first, second in product(FIRST_HALVES.split(), SECOND_HALVES.split())]
    rng.shuffle(halves)
    yield from halves


def people(rng):
    """Yield "Prénom Nom" pairs, each once."""
    pairs = list(product(FIRST_NAMES.split(), LAST_NAMES.split()))
    rng.shuffle(pairs)
    yield from pairs
