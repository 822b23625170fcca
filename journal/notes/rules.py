"""Kinds of note, and the headings each begins with. No database, no clock, no web."""

from journal.platform.language import phrases

KINDS: dict[str, str] = phrases(
    {
        "general": "Notat",
        "supervision": "Tilsyn",
        "fall": "Fall",
        "pain": "Smerte",
        "wound": "Sår",
        "next_of_kin": "Samtale med pårørende",
        "doctor_call": "Telefon med lege",
    }
)

# What a note may tell that is not for everybody who has the chart open: it lies in a drawer, opened with a reason. Allergies,
# medicines in use, treatment limits, infection and danger to staff are kept where all see them, and never in a note alone.
SENSITIVE: dict[str, str] = phrases(
    {
        "violence": "Vold og overgrep",
        "substance-use": "Rus",
        "sexual-health": "Seksuell helse",
        "third-person": "Opplysninger om andre enn pasienten",
    }
)

HEADINGS: dict[str, tuple[str, ...]] = {
    "general": (),
    "supervision": ("Årsak til tilsynet", "Observasjoner", "Vurdering", "Tiltak"),
    "fall": ("Hva skjedde", "Skade", "Bevissthet og smerte", "Hvem er varslet", "Tiltak"),
    "pain": ("Hvor og når", "Styrke 0–10", "Hva lindrer", "Tiltak og effekt"),
    "wound": ("Plassering", "Størrelse", "Utseende og sekresjon", "Stell", "Neste skift"),
    "next_of_kin": ("Hvem vi snakket med", "Hva de fortalte", "Hva vi svarte", "Avtale"),
    "doctor_call": ("Hvem vi snakket med", "Situasjon", "Vurdering", "Lest tilbake", "Hva legen bestemte"),
}


def template(kind: str) -> str:
    """The empty note of a kind: its headings, each with an empty line to write on."""
    return "\n\n".join(f"{heading}:\n" for heading in HEADINGS.get(kind, ()))


def unwritten(body: str, kind: str) -> bool:
    """Whether nothing stands in the note but the headings it began with."""
    lines = {f"{heading}:" for heading in HEADINGS.get(kind, ())}
    return all(line.strip() in lines for line in body.splitlines() if line.strip())
