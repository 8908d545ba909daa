"""Files of each format, written out as their sources write them."""

import csv
import io
import json
import uuid
from collections.abc import Sequence
from typing import Any

DOCUMENT = "7bef80b6-eeee-511b-9cf6-e354a1ce819b"
SERVER = "https://case.example/ims/case"


def guid(name: str) -> str:
    """The identifier of a thing with this name."""
    return str(uuid.uuid5(uuid.UUID(DOCUMENT), name))


def link(name: str, version: str = "v1p1", kind: str = "CFItems") -> dict[str, str]:
    """A LinkURI as CASE has it."""
    identifier = DOCUMENT if name == "document" else guid(name)
    return {"title": name, "identifier": identifier, "uri": f"{SERVER}/{version}/{kind}/{identifier}"}


def item(code: str, statement: str = "", version: str = "v1p1", **more: Any) -> dict[str, Any]:
    """A CFItem."""
    return {
        "identifier": guid(code),
        "uri": f"{SERVER}/{version}/CFItems/{guid(code)}",
        "fullStatement": statement or f"Statement {code}",
        "humanCodingScheme": code,
        "CFItemType": "Standard",
        "educationLevel": ["04"],
        "CFDocumentURI": link("document", version, "CFDocuments"),
        "lastChangeDateTime": "2026-01-01T00:00:00+00:00",
    } | more


def association(kind: str, origin: str, destination: str, version: str = "v1p1", **more: Any) -> dict[str, Any]:
    """A CFAssociation."""
    identifier = guid(f"{origin} {kind} {destination}")
    return {
        "identifier": identifier,
        "uri": f"{SERVER}/{version}/CFAssociations/{identifier}",
        "associationType": kind,
        "originNodeURI": link(origin, version),
        "destinationNodeURI": link(destination, version),
        "lastChangeDateTime": "2026-01-01T00:00:00+00:00",
    } | more


def package(
    items: Sequence[Any], associations: Sequence[Any] = (), version: str = "v1p1", **document: Any
) -> dict[str, Any]:
    """A CFPackage."""
    about = {
        "identifier": DOCUMENT,
        "uri": f"{SERVER}/{version}/CFDocuments/{DOCUMENT}",
        "creator": "A publisher",
        "title": "Fractions",
        "subject": ["Mathematics"],
        "language": "en",
        "adoptionStatus": "Adopted",
        "lastChangeDateTime": "2026-01-01T00:00:00+00:00",
    }
    if version == "v1p1":
        about |= {"caseVersion": "1.1", "frameworkType": "Standards"}
    return {"CFDocument": about | document, "CFItems": list(items), "CFAssociations": list(associations)}


def as_bytes(value: Any) -> bytes:
    """JSON as a server sends it."""
    return json.dumps(value, ensure_ascii=False).encode()


def table(rows: Sequence[Sequence[str]], delimiter: str = ",") -> str:
    """CSV as a spreadsheet writes it."""
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter, lineterminator="\r\n").writerows(rows)
    return out.getvalue()


OWN = (
    "code,statement,parent,prerequisites\n"
    "4.NF,Fractions,,\n"
    "4.NF.1,Explain why a fraction equals another,4.NF,\n"
    '4.NF.2,"Compare two fractions, also with different denominators",4.NF,4.NF.1\n'
    "4.NF.3,Add fractions,4.NF,4.NF.1;4.NF.2\n"
)

MOODLE_HEADER = [
    "Parent id number",
    "Id number",
    "Shortname",
    "Description",
    "Description format",
    "Scale values",
    "Scale configuration",
    "Rule type",
    "Rule outcome",
    "Rule config",
    "Cross referenced competency id numbers",
    "Exported id",
    "Is framework",
    "Taxonomy",
]

MOODLE_SPANISH = [
    "Número ID del padre",
    "Número ID",
    "Nombre corto",
    "Descripción",
    "Formato de la descripción",
    "Valores de escala",
    "Configuración de escala",
    "Tipo de regla",
    "Resultado de la regla",
    "Configuración de regla",
    "Números ID de competencias con referencias cruzadas",
    "ID exportada",
    "Es marco de trabajo",
    "Taxonomía",
]

SCALE = '[{"scaleid":"2"},{"id":2,"scaledefault":1,"proficient":1}]'
POINTS = '{"base":{"points":2},"competencies":[{"id":11,"points":1,"required":0},{"id":"12","points":1,"required":1}]}'


def moodle(header: Sequence[str] = MOODLE_HEADER, id_prefix: str = "1") -> str:
    """A framework as Moodle exports it: two levels, a rule by points, and cross references with a comma in one."""
    framework = ["", "MATH", "Mathematics", "<p>Our &amp; your maths</p>", "1"]
    framework += [
        "Not yet competent,Competent",
        SCALE,
        "",
        "",
        "",
        "",
        "",
        "1",
        "domain,competency,competency,competency",
    ]

    def row(
        parent: str, number: str, name: str, text: str, related: str, exported: str, rule: Sequence[str] = ("", "", "")
    ) -> list[str]:
        return [parent, number, name, text, "1", "", "", *rule, related, exported, "", ""]

    points = POINTS.replace("11", f"{id_prefix}1").replace('"12"', f'"{id_prefix}2"')
    return table(
        [
            header,
            framework,
            row(
                "",
                "NF",
                "Fractions",
                "<p>All of <b>fractions</b></p>",
                "",
                f"{id_prefix}0",
                ("core_competency\\competency_rule_points", "2", points),
            ),
            row("NF", "NF,1", "Equal fractions", "", "NF2", f"{id_prefix}1"),
            row("NF", "NF2", "Compare", "Compare two fractions", "NF%2C1", f"{id_prefix}2"),
        ]
    )


CANVAS = (
    "vendor_guid,object_type,title,description,display_name,calculation_method,calculation_int,workflow_state,parent_guids,ratings,,,,,\n"
    "a,group,Grade 4,Parent group,G-4,,,active,,,,,,,\n"
    "b,group,Fractions,,G-4-F,,,active,a,,,,,,\n"
    "c,outcome,Learning Standard,<p>Add &lt; compare</p>,LS-100,decaying_average,40,active,a b,3,Excellent,2,Better,1,Good\n"
    "d,outcome,LS-101,,,highest,,active,b,4.5,Yes,0,No,,\n"
    "e,outcome,Old,,,,,deleted,b,1,Yes,0,No,,\n"
)


def a_letter_changed(text: str, place: int, letter: str, cut: bool) -> str:
    """The text with one letter changed, or cut off there."""
    place %= len(text)
    return text[:place] if cut else text[:place] + letter + text[place + 1 :]
