"""What the journal may refuse with. One file turns these into problem+json or a page: journal/web/errors.py."""

from typing import Any

from journal.platform.language import as_phrase


class JournalError(Exception):
    """An error with a type, a title and a status; *detail* says in klarspråk what happened and what to do."""

    status = 500
    type = "about:blank"
    title = "Noe gikk galt"

    def __init__(self, detail: str = "", **fields: Any) -> None:
        super().__init__(detail or self.title)
        self.title, self.detail, self.fields = as_phrase(self.title), as_phrase(detail), fields


class NotSignedIn(JournalError):
    status, type, title = 401, "not-signed-in", "Du er ikke logget inn"


class Denied(JournalError):
    """The role may not do this, or nothing gives a ground to open this chart."""

    status, type, title = 403, "denied", "Du har ikke tilgang"


class NotProved(JournalError):
    """Who acts must prove who she is once more. *minutes*: how long a proof holds; *strongly*: a PIN is not enough."""

    status, type, title = 403, "not-proved", "Bekreft at det er deg"


class NoGround(Denied):
    """No care relationship with this patient: the answer shows the ways in, the same for every such patient."""

    type, title = "no-ground", "Pasienten er ikke på listen din"


class NotLet(Denied):
    """The chart is open to her by a reason that does not go this far."""

    type, title = "not-by-this-reason", "Grunnen du oppga, åpner ikke dette"

    def __init__(self) -> None:
        super().__init__(
            "Avslutt tilgangen og oppgi en annen grunn, eller ta inn pasienten, om du trenger mer av journalen."
        )


class Withheld(Denied):
    """The chart is open to her, and the patient has closed this part of it to her: which part is all that is said."""

    type, title = "withheld", "Pasienten har sperret denne delen av journalen for deg"

    def __init__(self) -> None:
        super().__init__(
            "Du ser resten av journalen. Trenger du dette nå, så ring enheten som gir pasienten helsehjelp."
        )


class DrawerClosed(Denied):
    """The chart is open to her, and she has given no reason for this drawer of it."""

    type, title = "drawer-closed", "Skuffen er lukket"

    def __init__(self) -> None:
        super().__init__("Åpne den fra siden med notater, og oppgi en grunn.")


class AddressClosed(Denied):
    """The chart is open to her, and its protected address is not."""

    type, title = "address-closed", "Adressen vises ikke"

    def __init__(self) -> None:
        super().__init__("Bare noen få som er navngitt, kan se den. Siden «Beskyttet adresse» sier hvem.")


class SeemsNear(JournalError):
    """She has a ground, and the patient seems to be herself, near kin or a colleague. *near*: the signs of it."""

    status, type, title = 403, "seems-near", "Kjenner du pasienten privat?"


class NotFound(JournalError):
    """Also for what is hidden: the same bytes for an id that does not exist and for one in a chart that is not open."""

    status, type, title = 404, "not-found", "Vi finner ikke det du leter etter"


class Conflict(JournalError):
    status, type, title = 409, "conflict", "Journalen er endret i mellomtiden"


class Invalid(JournalError):
    """*errors* maps the field's name to a sentence in klarspråk."""

    status, type, title = 422, "invalid", "Noe må rettes før vi kan lagre"

    def __init__(self, detail: str = "", *, errors: dict[str, list[str]] | None = None, **fields: Any) -> None:
        self.errors: dict[str, list[str]] = {
            field: [as_phrase(said) for said in sentences] for field, sentences in (errors or {}).items()
        }
        super().__init__(detail, errors=self.errors, **fields)


class TooMany(JournalError):
    status, type, title = 429, "too-many", "Du har søkt mange ganger på kort tid"


class Unavailable(JournalError):
    """The log cannot be written, or the database is away: nothing is shown that could not be logged."""

    status, type, title = 503, "unavailable", "Journalen er ikke tilgjengelig akkurat nå"
