"""Builds small cartridges for tests."""

import io
import zipfile
from collections.abc import Mapping

VERSIONS = {
    "1.1": "http://www.imsglobal.org/xsd/imsccv1p1/imscp_v1p1",
    "1.2": "http://www.imsglobal.org/xsd/imsccv1p2/imscp_v1p1",
    "1.3": "http://www.imsglobal.org/xsd/imsccv1p3/imscp_v1p1",
    "1.4": "http://www.imsglobal.org/xsd/imsccv1p4/imscp_v1p1",
}


def zipped(files: Mapping[str, str | bytes]) -> io.BytesIO:
    """A zip file of these."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, content in files.items():
            archive.writestr(path, content)
    target.seek(0)
    return target


def manifest(items: str, resources: str, version: str = "1.1", title: str = "Small course") -> str:
    """A manifest with what stands below the root item, and its resources."""
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<manifest identifier="m1" xmlns="{VERSIONS.get(version, VERSIONS["1.3"])}"
    xmlns:lomimscc="http://ltsc.ieee.org/xsd/imsccv1p1/LOM/manifest">
  <metadata><schema>IMS Common Cartridge</schema><schemaversion>{version}.0</schemaversion>
    <lomimscc:lom><lomimscc:general><lomimscc:title><lomimscc:string language="en">{title}</lomimscc:string></lomimscc:title>
    </lomimscc:general></lomimscc:lom></metadata>
  <organizations><organization identifier="o1" structure="rooted-hierarchy"><item identifier="root">{items}</item></organization>
  </organizations>
  <resources>{resources}</resources>
</manifest>"""


def resource(identifier: str, kind: str, *files: str, extra: str = "") -> str:
    """One resource."""
    listed = "".join(f'<file href="{file}"/>' for file in files)
    href = f' href="{files[0]}"' if kind == "webcontent" else ""
    return f'<resource identifier="{identifier}" type="{kind}"{href}>{listed}{extra}</resource>'


def item(identifier: str, title: str, reference: str = "", inside: str = "") -> str:
    """One item of the organization."""
    to = f' identifierref="{reference}"' if reference else ""
    return f'<item identifier="{identifier}"{to}><title>{title}</title>{inside}</item>'


def cartridge(items: str, resources: str, files: Mapping[str, str | bytes], version: str = "1.1") -> io.BytesIO:
    """A whole cartridge."""
    return zipped({"imsmanifest.xml": manifest(items, resources, version), **files})


def page(words: str, title: str = "A page") -> str:
    """An HTML file."""
    return f"<html><head><meta charset='utf-8'><title>{title}</title></head><body><p>{words}</p></body></html>"


def quiz(*questions: str, title: str = "A quiz") -> str:
    """A QTI 1.2 document."""
    return f"""<questestinterop xmlns="http://www.imsglobal.org/xsd/ims_qtiasiv1p2"><assessment ident="a1" title="{title}">
<qtimetadata><qtimetadatafield><fieldlabel>cc_maxattempts</fieldlabel><fieldentry>2</fieldentry></qtimetadatafield></qtimetadata>
<section ident="root">{"".join(questions)}</section></assessment></questestinterop>"""


def question(profile: str, presentation: str, processing: str, identifier: str = "i1", points: str = "") -> str:
    """One QTI item."""
    label = "cc_profile" if profile.startswith("cc.") else "question_type"
    fields = f"<qtimetadatafield><fieldlabel>{label}</fieldlabel><fieldentry>{profile}</fieldentry></qtimetadatafield>"
    if points:
        worth = f"<fieldlabel>points_possible</fieldlabel><fieldentry>{points}</fieldentry>"
        fields += f"<qtimetadatafield>{worth}</qtimetadatafield>"
    return f"""<item ident="{identifier}"><itemmetadata><qtimetadata>{fields}</qtimetadata></itemmetadata>
<presentation><material><mattext texttype="text/html">&lt;p&gt;Asked&lt;/p&gt;</mattext></material>{presentation}</presentation>
<resprocessing><outcomes><decvar maxvalue="100" minvalue="0" varname="SCORE"/></outcomes>{processing}</resprocessing></item>"""


def choices(*words: str, several: bool = False, ident: str = "r1", label: str = "") -> str:
    """A list to choose from; ids are c1, c2, …"""
    options = "".join(
        f'<response_label ident="c{n}"><material><mattext>{word}</mattext></material></response_label>'
        for n, word in enumerate(words, 1)
    )
    head = f"<material><mattext>{label}</mattext></material>" if label else ""
    return (
        f'<response_lid ident="{ident}" rcardinality="{"Multiple" if several else "Single"}">{head}'
        f"<render_choice>{options}</render_choice></response_lid>"
    )


def typed(ident: str = "r1") -> str:
    """A gap to type in."""
    return f'<response_str ident="{ident}"><render_fib><response_label ident="x"/></render_fib></response_str>'


def right(condition: str, points: str = "100", action: str = "Set") -> str:
    """A condition that earns points."""
    return (
        f'<respcondition><conditionvar>{condition}</conditionvar><setvar action="{action}" varname="SCORE">{points}</setvar>'
        "</respcondition>"
    )


def equal(value: str, ident: str = "r1", case: str = "") -> str:
    """One comparison."""
    return f'<varequal respident="{ident}"{f""" case="{case}" """ if case else ""}>{value}</varequal>'
