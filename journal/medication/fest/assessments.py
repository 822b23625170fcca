"""From elements of M30 to what is assessed beside the products: interactions, warnings, and what may be substituted."""

from dataclasses import replace
from xml.etree.ElementTree import Element

from journal.medication.fest.elements import all_coded, code, coded, content, day, flag, references, text, uuid
from journal.medication.fest.entries import (
    AuthorityWarning,
    Coded,
    Interaction,
    InteractionNotAssessed,
    Substance,
    SubstanceGroup,
    SubstitutionGroup,
)

Assessment = Interaction | InteractionNotAssessed | AuthorityWarning | SubstitutionGroup

_NONE = Coded("", "")


def read_interaction(element: Element, listed: Interaction) -> Interaction:
    relevance = coded(element, "Relevans") or _NONE
    return replace(
        listed,
        fest_id=uuid(text(element, "Id")),
        relevance_code=relevance.code,
        relevance_text=relevance.text,
        situation=text(element, "Situasjonskriterium"),
        consequence=text(element, "KliniskKonsekvens"),
        mechanism=text(element, "Interaksjonsmekanisme"),
        handling=text(element, "Handtering"),
        evidence=code(element, "Kildegrunnlag") or "",
        audiences=_audiences(element),
        groups=tuple(_substance_group(group) for group in element.findall("Substansgruppe")),
    )


def read_not_assessed(element: Element, listed: Interaction) -> InteractionNotAssessed:
    atc = coded(element, "Atc") or _NONE
    return InteractionNotAssessed(listed.listing_id, listed.active, listed.changed_at, atc.code, atc.text)


def read_warning(element: Element, listed: AuthorityWarning) -> AuthorityWarning:
    about = (uuid(content(one)) for one in element.findall("Referanseelement/RefElement"))
    return replace(
        listed,
        kind=coded(element, "Type") or _NONE,
        heading=text(element, "Overskrift"),
        text=text(element, "Varseltekst"),
        link=code(element, "Lenke/Www") or "",
        valid_from=day(element, "FraDato"),
        audiences=_audiences(element),
        about=tuple(dict.fromkeys(one for one in about if one is not None)),
    )


def read_substitution_group(element: Element, listed: SubstitutionGroup) -> SubstitutionGroup:
    group = coded(element, "Kode") or _NONE
    return replace(
        listed,
        fest_id=uuid(text(element, "Id")),
        code=group.code,
        text=group.text,
        remark=flag(element, "MerknadTilByttbarhet") is True,
        description=text(element, "BeskrivelseByttbarhet"),
        valid_from=day(element, "GyldigFraDato"),
        valid_until=day(element, "GyldigTilDato"),
    )


def _substance_group(group: Element) -> SubstanceGroup:
    return SubstanceGroup(
        name=text(group, "Navn"),
        substances=tuple(
            Substance(text(one, "Substans"), code(one, "Atc"), tuple(ref.fest_id for ref in references(one)))
            for one in group.findall("Substans")
        ),
    )


def _audiences(element: Element) -> tuple[str, ...]:
    return tuple(one.code for one in all_coded(element, "Visningsregel"))
