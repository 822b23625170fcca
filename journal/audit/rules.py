"""The log in plain words."""

from collections.abc import Mapping
from typing import Any

from journal.platform.language import phrases

# A page with a form is logged by what the form needs: to have opened it is not to have sent it.
ACTIONS = phrases(
    {
        "access:appoint": "navnga vikar, vaktleder eller student",
        "access:enrol": "la til eller fjernet en felles PC eller et nettbrett",
        "access:entrust": "bestemte hvem som får se en beskyttet adresse",
        "access:rescue": "sa at liv er i fare",
        "access:justify": "oppga en grunn, eller spurte hvem som kjenner pasienten",
        "access:lend": "ga eller avsluttet en rolle for en vakt",
        "access:restrict": "så eller endret pasientens sperringer",
        "access:manage": "endret ansatte eller tilganger",
        "access:reason": "leste grunnen som noen oppga",
        "access:review": "gikk gjennom en begrunnet tilgang",
        "access:sources": "så hvor grunnene til tilgang kommer fra",
        "access:see": "så hvem som har tilgang i en enhet",
        "audit:answer": "svarte på spørsmål om et oppslag",
        "audit:read": "leste innsynsloggen",
        "care:appoint": "bestemte hva som gjøres når ingen åpner",
        "care:grant": "gjorde vedtak om tjeneste eller opphold",
        "care:raise": "sa fra om det som ikke var gjort i tide",
        "care:read": "så oppgaver og opphold",
        "care:write": "skrev i oppgaver eller opphold",
        "chart:diet": "så allergier og svelgevansker på listen til kjøkkenet",
        "chart:list": "så lister over enheten",
        "chart:downtime": "endret hvilke enheter som holder nødlisten",
        "chart:own": "leste det den ansatte selv har signert",
        "chart:prepare": "la pasienten i nødlisten",
        "chart:read": "åpnet journalen",
        "downtime:opened": "åpnet nødlisten",
        "downtime:printed": "skrev ut nødlisten",
        "medication:administer": "signerte en dose, eller åpnet skjemaet for det",
        "medication:appoint": "bestemte hvem som signerer når legen er borte",
        "medication:catalogue": "endret legemiddelkatalogen eller prosedyrer",
        "medication:check": "kontrollerte et legemiddel mot alt som står i journalen",
        "medication:confirm": "kontrollerte en legemiddelliste",
        "medication:delegate": "ga eller trakk tilbake en fullmakt",
        "medication:give": "ga legemidler med veileder ved siden av",
        "medication:import": "leste inn en legemiddelliste",
        "medication:downtime": "sa fra om nedetid",
        "medication:keep": "førte tilsyn med A- og B-regnskapet",
        "medication:prescribe": "endret legemidler, eller åpnet skjemaet for det",
        "medication:prescribe-beside": "kontrollerte eller forskrev et legemiddel uten å se det som er sperret",
        "medication:print": "skrev ut legemiddellisten",
        "medication:read": "så legemidlene",
        "medication:receive": "tok imot legemidler eller en beskjed om dem, eller åpnet skjemaet for det",
        "municipalities:manage": "endret innstillinger for kommunen",
        "municipalities:read": "så enheter og ansatte",
        "notes:drawer": "åpnet skjermede notater",
        "notes:read": "leste notater",
        "notes:write": "skrev notat, eller åpnet skjemaet for det",
        "observations:read": "så målinger",
        "observations:write": "skrev en måling",
        "patients:address": "så en beskyttet adresse",
        "patients:admit": "tok imot pasienten",
        "patients:discharge": "avsluttet opphold eller tjeneste",
        "patients:find": "fant pasienten i et søk",
        "patients:read": "så navn og kritisk informasjon",
        "patients:register": "registrerte pasienten",
        "patients:write": "endret opplysninger om pasienten",
        "records:erase": "så eller behandlet vedtak om sletting",
    }
)
GROUNDS = phrases(
    {
        "stay": "bor på enheten",
        "service": "får tjeneste fra enheten",
        "route": "står på ruten",
        "task": "oppgave hos pasienten",
        "general_practitioner": "fastlege",
        "referral": "henvist eller tatt imot",
        "patient_request": "pasientens ønske",
        "own": "egne innførsler etter at grunnen tok slutt",
        "registration": "registrering",
        "emergency": "øyeblikkelig hjelp",
        "justified": "oppgitt grunn",
        "weighty": "tungtveiende grunn til å åpne det som er sperret",
        "control": "styring og kontroll",
        "downtime": "nødliste når journalen er borte",
        "planning": "doser regnet ut framover",
        "check": "kontroll over hele journalen for en som ikke ser alt",
    }
)
CATEGORIES = phrases(
    {
        "patients": "navn og kritisk informasjon",
        "medication": "legemidler",
        "observations": "målinger",
        "observations:own": "målinger fra egne enheter",
        "observations:recent": "målinger fra de siste 90 dagene",
        "notes": "notater",
        "notes:shut": "ingen notater",
        "notes:own": "notater fra egne enheter",
        "notes:recent": "notater fra de siste 90 dagene",
        "notes:sensitive": "skjermede notater",
        "patients:address": "beskyttet adresse",
        "diet": "allergier og svelgevansker til kjøkkenet",
        "own": "hvem en selv har skrevet om",
        "notes:mine": "egne notater",
        "medication:mine": "egne forskrivninger og doser",
        "care": "oppgaver og opphold",
        "chart": "nødliste",
        "access": "sperringer og begrunnede tilganger",
        "audit": "innsynsloggen",
    }
)
OUTCOMES = phrases(
    {"success": "åpnet", "refused": "avvist", "failed": "vist, men ikke lagret", "search-hit": "vist i søk"}
)


def fold_key(row: Mapping[str, Any]) -> tuple[Any, ...]:
    """Looks with the same key within the hour are shown as one line."""
    return row["actor_id"], row["patient_id"], row["action"], row["ground"], row["outcome"]
