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
        "not anew": "Innloggingstjenesten ba deg ikke bevise på nytt hvem du er. Det du skrev, er tatt vare på i et kvarter. "
        "Logg ut av innloggingstjenesten, og prøv igjen. Hjelper ikke det, så si fra til den som har ansvar for innloggingen i "
        "kommunen.",
        "too many": "Det er mange innlogginger på kort tid. Vent ti minutter, og begynn på nytt. Er du logget inn på en felles "
        "maskin fra før, kan du låse opp med PIN-koden din. Haster det, så bruk kommunens rutine for når journalen er borte.",
        "no number": "Rollen din krever HPR-nummer, og innloggingen sendte ikke noe HPR-nummer. Kontroller at du logget inn som "
        "deg selv, og prøv igjen. Er autorisasjonen din ny eller endret, så kontroller på helsedirektoratet.no at du står i "
        "HPR. Gjør du det, så be kommuneadministratoren om å melde feilen til den som har ansvar for innloggingen.",
        "number not here": "Rollen din krever HPR-nummer, og det står ikke noe HPR-nummer på deg i journalen. Be "
        "kommuneadministratoren slå deg opp i HPR og registrere nummeret. Logg inn på nytt etterpå.",
        "another number": "Innloggingen ga oss et annet HPR-nummer enn det som står på deg i journalen. Derfor er du ikke logget "
        "inn. Be kommuneadministratoren slå deg opp i HPR og rette det som er feil. Logg inn på nytt etterpå.",
        "not employed": "Du har ingen gyldig rolle i denne kommunen. Be lederen din om å registrere deg, og logg inn igjen.",
        "another place": "Innloggingen gjelder en annen virksomhet enn kommunen du valgte. Begynn på nytt og velg riktig kommune.",
    }
)

_TITLES = phrases(
    {
        "too many": "Vent litt før du logger inn",
        "no number": "HPR-nummeret fulgte ikke med innloggingen",
        "number not here": "HPR-nummeret ditt mangler i journalen",
        "another number": "HPR-nummeret stemmer ikke",
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
                "auth_time",
            ),
            *("access_token_mixed", "token_unbound", "token_kind", "person_claim", "two_people"),
            *("logout_event", "logout_nonce", "logout_id", "logout_whom"),
        ),
        "not trusted",
    ),
    **dict.fromkeys(("unreachable", "too_slow"), "not reached"),
    "level": "too low",
    "not_anew": "not anew",
    "too_many": "too many",
    "hpr": "no number",
    "hpr_not_here": "number not here",
    "hpr_differs": "another number",
    "unknown_person": "not employed",
    "organisation": "another place",
}


class SignInRefused(Denied):
    """Nobody is signed in. *kind* is one of KINDS."""

    type, title = "sign-in-refused", "Innloggingen lyktes ikke"

    def __init__(self, kind: str) -> None:
        said = KINDS[kind]
        super().__init__(_SAID[said])
        self.kind, self.title = kind, _TITLES.get(said, self.title)
        self.status = 429 if kind == "too_many" else self.status
