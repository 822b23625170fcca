"""Lists of medicines as files: the real samples, and small ones made to measure."""

from base64 import b64encode
from pathlib import Path

from tests.reference import REFERENCE

KITH = REFERENCE / "kith"
PRESCRIPTIONS = KITH / "eresept"
M1 = "http://www.kith.no/xmlstds/eresept/m1/2013-10-08"
M251 = "http://www.kith.no/xmlstds/eresept/m251/2013-10-08"
FORSKRIVNING = "http://www.kith.no/xmlstds/eresept/forskrivning/2013-10-08"
OTHER_NUMBER = "13819101099"
"""A number that is nobody's."""

MORNING = '<Tidsomrade V="1" DN="Morgen"/>'
EVENING = '<Tidsomrade V="5" DN="Kveld"/>'


def sample(name: str) -> bytes:
    """The one real sample with this end of its path."""
    (found,) = (file for file in KITH.rglob("*.xml") if file.as_posix().endswith(name))
    return found.read_bytes()


def message(payload: str, *, kind: str, number: str = OTHER_NUMBER, message_id: str = "m-1", status: str = "") -> bytes:
    """A health message about the person with this number."""
    status = f'<Forsendelsesstatus V="{status}"/>' if status else ""
    return f"""<MsgHead xmlns="http://www.kith.no/xmlstds/msghead/2006-05-24"><MsgInfo><Type V="{kind}" DN="x"/>
        <MIGversion>v1.2 2006-05-24</MIGversion><GenDate>2026-11-01T10:00:00+01:00</GenDate><MsgId>{message_id}</MsgId>
        <Sender><Organisation><OrganisationName>Skogveien legekontor</OrganisationName><HealthcareProfessional>
        <FamilyName>Legesen</FamilyName><GivenName>Liv</GivenName><Ident><Id>7654321</Id><TypeId V="HPR"
        S="2.16.578.1.12.4.1.1.8116" DN="HPR-nummer"/></Ident></HealthcareProfessional></Organisation></Sender>
        <Receiver><Organisation><OrganisationName>Kommunen</OrganisationName></Organisation></Receiver>
        <Patient><FamilyName>Prøve</FamilyName><GivenName>Per</GivenName><Ident><Id>{number}</Id><TypeId V="FNR"
        S="2.16.578.1.12.4.1.1.8116" DN="Fødselsnummer"/></Ident></Patient></MsgInfo>
        <Document><RefDoc><MsgType V="XML" DN="XML-instans"/><Content>{status}{payload}</Content></RefDoc></Document>
        </MsgHead>""".encode()


def dose(when: str, *, amount: str = "1", unit: str = "tablett", every: str = "1", more: str = "") -> str:
    return (
        f'<DoseFastTidspunkt><Mengde V="{amount}" U="{unit}"/><Intervall V="{every}" U="Døgn"/>{when}'
        f"<GisEksakt>false</GisEksakt>{more}</DoseFastTidspunkt>"
    )


def prescription(
    name: str = "Selo-Zok Depottab 50 mg", atc: str = "C07AB02", *, doses: str = "", use: str = "1", more: str = "",
    said: str = "1 tablett om morgenen", item_number: str = "066894", substance: str = "Metoprolol", indication: str = "BLODTRYKK",
) -> str:  # fmt: skip
    """A ReseptDokLegemiddel; `doses` are the elements of its Dosering."""
    dosing = f"<Dosering>{more}{doses}</Dosering>" if doses else ""
    return (
        f'<ReseptDokLegemiddel xmlns="{M1}"><Varegruppekode V="L" DN="Legemiddel"/><Antall>1</Antall><Reiterasjon>0</Reiterasjon>'
        f'<Forskrivning xmlns="{FORSKRIVNING}"><Bruksomrade>{indication}</Bruksomrade><DosVeiledEnkel>{said}</DosVeiledEnkel>'
        f'<IngenKombinasjon>false</IngenKombinasjon><Bruk V="{use}" DN="x"/>{dosing}<Legemiddelpakning>'
        f'<Atc V="{atc}" S="2.16.578.1.12.4.1.1.7180" DN="{substance}"/><NavnFormStyrke>{name}</NavnFormStyrke>'
        f'<Reseptgruppe V="C" DN="Reseptgruppe C"/><LegemiddelformKort V="53" S="2.16.578.1.12.4.1.1.7448" DN="Tablett"/>'
        f"<Varenr>{item_number}</Varenr></Legemiddelpakning></Forskrivning></ReseptDokLegemiddel>"
    )


def listed(entry_id: str, prescribed: str, *, stopped: bool = False) -> str:
    """An entry of M25.1."""
    packed = b64encode(prescribed.encode()).decode()
    over = (
        '<Seponering><Tidspunkt>2026-10-30T12:00:00</Tidspunkt><Arsak V="M" DN="Manglende effekt"/></Seponering>'
        if stopped
        else ""
    )
    return (
        f'<EnkeltoppforingLIB><Id>{entry_id}</Id><Type V="E" DN="E-resept"/><SistEndret>2026-10-20T09:00:00</SistEndret>'
        f'<DatoOppstart>2026-01-15</DatoOppstart><Rolle><Rolle V="R" DN="Rekvirent"/><Helseperson><HprId>'
        f'<Id xmlns="http://www.kith.no/xmlstds/felleskomponent1">1234567</Id><TypeId xmlns="http://www.kith.no/xmlstds/felleskomponent1"'
        f' V="HPR" S="2.16.578.1.12.4.1.1.8116" DN="HPR-nummer"/></HprId><Fornavn>Rita</Fornavn><Etternavn>Lin</Etternavn>'
        f"</Helseperson></Rolle>"
        f"<ReseptDokLegemiddelB64>{packed}</ReseptDokLegemiddelB64>{over}</EnkeltoppforingLIB>"
    )


def medication_list(*entries: str, kind: str = "ERM251", **more: str) -> bytes:
    """An M25.1."""
    return message(f'<LegemidlerIBruk xmlns="{M251}">{"".join(entries)}</LegemidlerIBruk>', kind=kind, **more)


def about(content: bytes, number: str, other: str) -> bytes:
    """The file, about another person."""
    assert number.encode() in content
    return content.replace(number.encode(), other.encode())


def refused_files(folder: Path = KITH) -> dict[str, bytes]:
    """Files that are no list of medicines, each with what it is."""
    whole = medication_list(listed("e-1", prescription()))
    bomb = b'<!DOCTYPE MsgHead [<!ENTITY a "a"><!ENTITY b "&a;&a;&a;&a;">]>' + whole.replace(b"Skogveien", b"&b;")
    outside = b'<!DOCTYPE MsgHead [<!ENTITY a SYSTEM "file:///etc/hostname">]>' + whole.replace(b"Skogveien", b"&a;")
    deep = whole.replace(b"<LegemidlerIBruk", b"<a>" * 100 + b"</a>" * 100 + b"<LegemidlerIBruk")
    return {
        "nothing": b"",
        "no XML": b"Legemidler: Metoprolol 50 mg x 1",
        "cut off": whole[: len(whole) // 2],
        "another document": b"<FEST><HentetDato>2026-11-01T06:00:00</HentetDato></FEST>",
        "an XML bomb": bomb,
        "a file outside": outside,
        "deeper than any message": deep,
        "an unknown encoding": b'<?xml version="1.0" encoding="x-nothing"?><MsgHead/>',
        "too large": medication_list(*(listed(f"e-{n}", prescription(said="x" * 5000)) for n in range(150))),
        "more than anybody takes": medication_list(*(listed(f"e-{n}", prescription()) for n in range(201))),
        "a cancellation": message("<x/>", kind="UTSKRIVNINGSRAPPORT", status="C"),
        "a message without medicines": message("<x/>", kind="UTSKRIVNINGSRAPPORT"),
        "a pharmacy's proposal": medication_list(listed("e-1", prescription()), kind="ERM252"),
        "a prescription of no medicine": message("<Resept><ReseptDokHandelsvare/></Resept>", kind="ERM1"),
        "not base64": medication_list(listed("e-1", prescription()).replace("B64>", "B64>*", 1)),
        "about nobody": whole.replace(b"<Id>" + OTHER_NUMBER.encode() + b"</Id>", b""),
    }
