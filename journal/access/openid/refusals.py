"""Why nobody is signed in: a kind for the technical log, and the sentence that says what to do."""

from journal.platform.errors import Denied
from journal.platform.language import phrases

_SAID = phrases(
    {
        "begin again": "Innloggingen ble ikke fullført, eller den tok for lang tid. Begynn på nytt.",
        "not trusted": "Vi kan ikke stole på svaret vi fikk fra innloggingen, og ingen er logget inn. Prøv igjen. "
        "Skjer det flere ganger, så si fra til den som har ansvar for innloggingen i kommunen.",
        "not reached": "Vi får ikke kontakt med innloggingstjenesten. Prøv igjen om litt. "
        "Haster det, så bruk kommunens rutine for når journalen er borte.",
        "too low": "Du må logge inn på høyt sikkerhetsnivå, for eksempel med BankID eller Buypass. Begynn på nytt og velg det.",
        "no number": "Rollen din krever HPR-nummer, og innloggingen ga oss ikke nummeret som står på deg i journalen. "
        "Be kommuneadministratoren kontrollere HPR-nummeret ditt.",
        "not employed": "Du har ingen gyldig rolle i denne kommunen. Be lederen din om å registrere deg, og logg inn igjen.",
        "another place": "Innloggingen gjelder en annen virksomhet enn kommunen du valgte. Begynn på nytt og velg riktig kommune.",
    }
)

# What was wrong, by its kind: only the kind is logged, never who tried.
KINDS = {
    **dict.fromkeys(("state", "browser", "too_late", "cancelled", "no_choice"), "begin again"),
    **dict.fromkeys(
        (
            *(
                "response_issuer",
                "response_provider",
                "no_code",
                "metadata",
                "endpoint",
                "redirected",
                "too_big",
                "not_json",
            ),
            *("par_refused", "code_refused", "jwt_form", "algorithm", "key_in_header", "unknown_key", "signature"),
            *(
                "token_type",
                "issuer",
                "audience",
                "authorised_party",
                "expired",
                "not_yet",
                "issued",
                "nonce",
                "subject",
            ),
            *("access_token_mixed", "token_unbound", "token_kind", "person_claim", "two_people"),
            *("logout_event", "logout_nonce", "logout_id", "logout_whom"),
        ),
        "not trusted",
    ),
    **dict.fromkeys(("unreachable", "too_slow"), "not reached"),
    "level": "too low",
    "hpr": "no number",
    "unknown_person": "not employed",
    "organisation": "another place",
}


class SignInRefused(Denied):
    """Nobody is signed in. *kind* is one of KINDS."""

    type, title = "sign-in-refused", "Innloggingen lyktes ikke"

    def __init__(self, kind: str) -> None:
        super().__init__(_SAID[KINDS[kind]])
        self.kind = kind
