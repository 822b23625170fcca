"""Where a rule comes from, in words. Each table names one of these, so that a pharmacist knows where to look it up."""

from journal.platform.language import Phrase, phrase

SPC = phrase("Preparatomtalen (SPC) i Felleskatalogen")
HANDBOOK = phrase("Norsk legemiddelhåndbok")
DMP = phrase("Direktoratet for medisinske produkter, doseringsråd")
EMA = phrase("Det europeiske legemiddelkontoret (EMA)")
FEST = phrase("FEST, interaksjoner")
HEALTH_DIRECTORATE = phrase("Helsedirektoratet, veileder om vanedannende legemidler")
ISMP = phrase("ISMP, liste over høyrisikolegemidler")
RECORD = phrase("Pasientens kritiske informasjon")
ALL_ENTRIES = phrase("Kontroll over hele journalen")
ATC = phrase("ATC-systemet: samme virkestoff eller samme gruppe")

BY_CODE: dict[str, Phrase] = {"spc": SPC, "nlh": HANDBOOK, "dmp": DMP, "ema": EMA}
"""The codes of `data/substances.csv`."""
