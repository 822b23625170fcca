"""Published Norwegian profiles, read where the project's references lie: what they demand beyond R4.

They are read there, never copied here. What a profile adds in its differential is how often, in which slice, and which
code system.
"""

import json
from functools import cache
from typing import Any, NamedTuple
from xml.etree import ElementTree

from tests.reference import REFERENCE

_F = "{http://hl7.org/fhir}"


class Demand(NamedTuple):
    """An element of a differential. `path`: the parts of its id after the resource, a slice after a colon."""

    path: tuple[str, ...]
    least: int
    most: str
    fixed: str | None
    url: str | None


@cache
def demands(profile: str) -> tuple[Demand, ...]:
    """Of a no-basis profile."""
    file = REFERENCE / f"no-basis/StructureDefinition/{profile}.StructureDefinition.xml"
    elements = ElementTree.parse(file).getroot().iter(f"{_F}element")
    return tuple(_demand(element) for element in elements if "." in element.get("id", ""))


def _demand(element: ElementTree.Element) -> Demand:
    def said(name: str) -> str | None:
        found = element.find(name)
        return None if found is None else found.get("value")

    path = tuple(element.get("id", "").split(".")[1:])
    url = said(f"{_F}type/{_F}profile") if path[-1].startswith("extension:") else None
    return Demand(path, int(said(f"{_F}min") or 0), said(f"{_F}max") or "*", said(f"{_F}fixedUri"), url)


def faults(profile: str, resource: dict[str, Any]) -> list[str]:
    """What a resource lacks, has too much of, or has in another system, by the profile."""
    found = []
    for demand in demands(profile):
        for parent in _nodes(profile, [resource], demand.path[:-1]):
            here = _nodes(profile, [parent], demand.path[-1:], before=demand.path[:-1])
            at = ".".join(demand.path)
            if len(here) < demand.least or (demand.most != "*" and len(here) > int(demand.most)):
                found.append(f"{at}: {len(here)}, not {demand.least}..{demand.most}")
            if demand.fixed is not None and any(each != demand.fixed for each in here):
                found.append(f"{at}: not {demand.fixed}")
    return found


def _nodes(profile: str, nodes: list[Any], path: tuple[str, ...], before: tuple[str, ...] = ()) -> list[Any]:
    """What lies at a path below these nodes; of a slice, those that have its fixed values."""
    for part in path:
        name, _, of_slice = part.partition(":")
        before = (*before, part)
        key = of_slice if name.endswith("[x]") else name
        below = [child for node in nodes if isinstance(node, dict) for child in _listed(node.get(key))]
        nodes = [child for child in below if not of_slice or name.endswith("[x]") or _is_of(profile, child, before)]
    return nodes


def _is_of(profile: str, child: Any, slice_path: tuple[str, ...]) -> bool:
    length = len(slice_path)
    for demand in demands(profile):
        if demand.path == slice_path and demand.url is not None:
            return bool(child.get("url") == demand.url)
    fixed = [
        d for d in demands(profile) if d.fixed is not None and d.path[:length] == slice_path and len(d.path) > length
    ]
    return bool(fixed) and all(d.fixed in _plain(child, d.path[length:]) for d in fixed)


def _plain(node: Any, path: tuple[str, ...]) -> list[Any]:
    nodes = [node]
    for part in path:
        nodes = [child for each in nodes if isinstance(each, dict) for child in _listed(each.get(part.split(":")[0]))]
    return nodes


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def base_of(profile: str) -> dict[str, tuple[int, str]]:
    """What R4 itself says of the elements of a resource, as the snapshot of an lmdi profile keeps it: least and most."""
    document = json.loads((REFERENCE / f"lmdi/fhir/StructureDefinition-{profile}.json").read_text(encoding="utf-8"))
    elements = document["snapshot"]["element"]
    return {
        path[1]: (each["base"]["min"], each["base"]["max"])
        for each in elements
        if len(path := each["path"].split(".")) == 2 and ":" not in each["id"]
    }


def required_of(profile: str) -> set[str]:
    """The elements that a profile's snapshot demands where what they are in is there, as paths below the resource. Of a choice of
    codings, and of the parts of a period, none is demanded of who does not use it."""
    document = json.loads((REFERENCE / f"lmdi/fhir/StructureDefinition-{profile}.json").read_text(encoding="utf-8"))
    elements = document["snapshot"]["element"]
    names = {each["path"].split(".", 1)[1] for each in elements if each["min"] > 0 and "." in each["path"]}
    return {name for name in names if name.count(".") < 2 and not name.startswith("effective[x].")}
