"""The forms, routes and units of the small catalogue, with their codes in the national code lists."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Form:
    """A dosage form: the short word in the name, 7448, the route and the unit it usually has, and a usual package."""

    short: str
    code: str
    text: str
    route: str
    unit: str
    package: tuple[str, str, str]
    """Size as printed, unit (7452) and packaging (7449)."""


_PILLS, _STRIP = ("100", "stk", "169"), ("98", "stk", "169")
_BOTTLE, _TUBE, _DROPS = ("300", "ml", "56"), ("30", "g", "95"), ("5", "ml", "170")
FORMS = {
    form.short: form
    for form in (
        Form("tab", "53", "Tablett", "53", "tablett", _PILLS),
        Form("tab mod", "449", "Tablett med modifisert frisetting", "53", "tablett", _STRIP),
        Form("depottab", "25", "Depottablett", "53", "tablett", _STRIP),
        Form("enterotab", "28", "Enterotablett", "53", "tablett", _STRIP),
        Form("smeltetab", "48", "Smeltetablett", "53", "tablett", ("30", "stk", "169")),
        Form("tyggetab", "57", "Tyggetablett", "53", "tyggetablett", ("120", "stk", "207")),
        Form("brusetab", "16", "Brusetablett", "53", "tablett", ("20", "stk", "207")),
        Form("dispergerbar tab", "5", "Dispergerbar tablett", "53", "tablett", ("20", "stk", "169")),
        Form("sublingvaltab", "50", "Sublingvaltablett", "63", "tablett", ("50", "stk", "207")),
        Form("kaps", "32", "Kapsel", "53", "kapsel", _PILLS),
        Form("depotkaps", "24", "Depotkapsel", "53", "kapsel", _STRIP),
        Form("enterokaps", "27", "Enterokapsel", "53", "kapsel", _STRIP),
        Form("mikst", "9", "Mikstur", "53", "ml", _BOTTLE),
        Form("dråper", "6", "Dråper", "53", "dråpe", ("30", "ml", "102")),
        Form("granulat", "7", "Granulat", "53", "pose", ("30", "stk", "10")),
        Form("pulver til mikst", "224", "Pulver til mikstur", "53", "pose", ("50", "stk", "10")),
        Form("oralt pulver", "218", "Oralt pulver", "53", "g", ("454", "g", "55")),
        Form("tyggegummi", "56", "Tyggegummi", "12", "tyggegummi", ("105", "stk", "169")),
        Form("munnskyllevæske", "39", "Munnskyllevæske", "4", "ml", _BOTTLE),
        Form("munnvann", "41", "Munnvann", "4", "ml", ("4", "stk", "186")),
        Form("sublingvalspray", "49", "Sublingualspray", "63", "dose", ("200", "doser", "82")),
        Form("inj", "101", "Injeksjonsvæske", "62", "ml", ("10 x 1", "ml", "161")),
        Form("depotinj", "481", "Depotinjeksjonsvæske", "33", "ml", ("1", "ml", "161")),
        Form("pulver til inj", "103", "Pulver til injeksjonsvæske", "43", "g", ("10", "stk", "37")),
        Form("inf", "95", "Infusjonsvæske", "43", "ml", ("500", "ml", "68")),
        Form("implantat", "132", "Implantat", "62", "implantat", ("1", "stk", "27")),
        Form("stikkpille", "112", "Stikkpille", "59", "stikkpille", ("10", "stk", "169")),
        Form("rektalvæske", "110", "Rektalvæske", "59", "klyster", ("12", "stk", "74")),
        Form("rektalsalve", "107", "Rektalsalve", "59", "dose", _TUBE),
        Form("depotplaster", "58", "Depotplaster", "65", "plaster", ("28", "stk", "30")),
        Form("medisinert plaster", "177", "Medisinert plaster", "8", "plaster", ("30", "stk", "30")),
        Form("krem", "34", "Krem", "8", "dose", _TUBE),
        Form("salve", "46", "Salve", "8", "dose", _TUBE),
        Form("gel", "29", "Gel", "8", "dose", ("100", "g", "95")),
        Form("sjampo", "79", "Sjampo", "8", "dose", ("120", "ml", "56")),
        Form("vaginaltab", "120", "Vaginaltablett", "67", "vaginaltablett", ("18", "stk", "169")),
        Form("vagitorie", "123", "Vagitorie", "67", "vagitorie", ("15", "stk", "169")),
        Form("vaginalkrem", "117", "Vaginalkrem", "67", "dose", ("15", "g", "95")),
        Form("nesespray", "74", "Nesespray", "51", "dose", ("120", "doser", "61")),
        Form("nesepulver", "71", "Nesepulver", "51", "dose", ("1", "dose", "301")),
        Form("inh aerosol", "96", "Inhalasjonsaerosol", "11", "dose", ("200", "doser", "45")),
        Form("inh pulver", "99", "Inhalasjonspulver", "11", "dose", ("60", "doser", "45")),
        Form("inh oppl", "160", "Inhalasjonsvæske", "11", "dose", ("60", "doser", "45")),
        Form("inh væske", "100", "Inhalasjonsvæske til nebulisator", "11", "ml", ("60 x 2", "ml", "53")),
        Form("øyedråper", "90", "Øyedråper", "52", "dråpe", _DROPS),
        Form("øyegel", "91", "Øyegel", "52", "dråpe", ("10", "g", "95")),
        Form("øyesalve", "94", "Øyesalve", "52", "dose", ("5", "g", "95")),
        Form("medisinsk gass", "219", "Medisinsk gass", "11", "l/minutt", ("2", "L", "163")),
    )
}
"""By the short word. Codes and texts of Volven 7448."""

NEVER_CRUSHED = ("depottab", "depotkaps", "enterotab", "enterokaps", "tab mod")
"""Crushed, the whole dose comes at once, or in the wrong place."""

ROUTES = {
    "4": "Bruk i munnhulen",
    "8": "Bruk på hud",
    "11": "Bruk til inhalasjon",
    "12": "Bukkal bruk",
    "33": "Intramuskulær bruk",
    "43": "Intravenøs bruk",
    "51": "Nasal bruk",
    "52": "Okulær bruk",
    "53": "Oral bruk",
    "59": "Rektal bruk",
    "62": "Subkutan bruk",
    "63": "Sublingval bruk",
    "65": "Transdermal bruk",
    "67": "Vaginal bruk",
}
"""Volven 7477, administrasjonsvei."""

UNIT_WORDS = {"enhet": "E", "mikrogram": "mikrog"}
"""Volven 7480 where its word is another than the journal's."""
