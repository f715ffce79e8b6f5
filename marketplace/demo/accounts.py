"""Who can sign in to the demo. Every person in it has the same password, so that anyone can be tried."""

PASSWORD = "veilleur-de-nuit-2026"  # noqa: S105 - printed for whoever runs the demo
STAFF_TOTP_SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"  # noqa: S105 - as above

CLIENT = "camille@demo.example"
BUSINESS = "galerie@demo.example"
COMPANY = "vigie@demo.example"
SOLE_OPERATOR = "yanis@demo.example"
STAFF = "equipe@demo.example"

ACCOUNTS = [
    ("Cliente (particulière)", CLIENT, PASSWORD),
    ("Client (entreprise)", BUSINESS, PASSWORD),
    ("Entreprise de sécurité", COMPANY, PASSWORD),
    ("Exploitant individuel", SOLE_OPERATOR, PASSWORD),
    ("Équipe du site", STAFF, PASSWORD),
]
