"""``imsmanifest.xml``: what a cartridge holds and in which order (IMS Content Packaging 1.2 as Common Cartridge profiles it)."""

import re
from dataclasses import dataclass, field
from urllib.parse import unquote
from xml.etree.ElementTree import Element

from lti_tool.cartridges.archive import inside
from lti_tool.cartridges.content import CartridgeError, Other
from lti_tool.cartridges.markup import child, children, descendants, name, text
from lti_tool.cartridges.notes import Remark, Why, said

_READ = re.compile(r"1\.[1-4](\.|$)")
_ALMOST = re.compile(r"1\.0(\.|$)")
_INLINE = ("webLink", "cartridge_basiclti_link")
"""What a thin cartridge has inside of its manifest, instead of in a file beside it."""


@dataclass(frozen=True, slots=True)
class Resource:
    """One resource. ``files`` and ``href`` are paths in the cartridge as written; ``preferred`` names a better variant."""

    identifier: str
    type: str
    href: str | None
    files: tuple[str, ...]
    dependencies: tuple[str, ...] = ()
    intended_use: str = ""
    preferred: str | None = None
    inline: Element | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Place:
    """A node of the organization tree. ``reference`` names its resource; folders have none."""

    identifier: str
    title: str
    reference: str | None
    places: tuple["Place", ...] = ()


@dataclass(frozen=True, slots=True)
class Manifest:
    """The manifest, typed. ``places`` are what lies below the tree's root. ``kind`` is ``common-cartridge``, ``thin`` or
    ``content-package``.
    """

    identifier: str
    title: str
    description: str
    language: str | None
    version: str
    kind: str
    places: tuple[Place, ...]
    resources: dict[str, Resource]


def read_manifest(root: Element, remark: Remark) -> Manifest:
    """Types a manifest.

    :raises CartridgeError: ``not-a-cartridge`` when it is a manifest of another kind (SCORM, a QTI package).
    """
    if name(root) != "manifest":
        raise CartridgeError("not-a-cartridge", "imsmanifest.xml is not the manifest of a cartridge.")
    metadata = child(root, "metadata")
    kind, version = _kind(root, metadata, remark)
    general = next(descendants(metadata, "general"), None)
    return Manifest(
        identifier=root.get("identifier", ""),
        title=_words(child(general, "title")),
        description=_words(child(general, "description")),
        language=_language(general),
        version=version,
        kind=kind,
        places=_organization(child(root, "organizations"), remark),
        resources=_resources(child(root, "resources"), remark),
    )


def _kind(root: Element, metadata: Element | None, remark: Remark) -> tuple[str, str]:
    """What kind of package it is, and of which version."""
    schema = text(metadata, "schema").lower()
    version = text(metadata, "schemaversion")
    if schema == "ims content":
        remark("imsmanifest.xml", said(Why.PACKAGE))
        return "content-package", version
    if "common cartridge" not in schema:
        what = text(metadata, "schema") or "a content package without a stated kind"
        raise CartridgeError(
            "not-a-cartridge",
            f"This package is {what}. Only Common Cartridges (1.1 to 1.4) and Canvas exports can be read.",
            _other(root, schema),
        )
    if _ALMOST.match(version):
        remark("imsmanifest.xml", said(Why.NEAREST_VERSION, version=version))
    elif not _READ.match(version):
        raise CartridgeError(
            "unknown-version", f"This is Common Cartridge {version or 'of no stated version'}; 1.1 to 1.4 can be read."
        )
    return "thin" if "thin" in schema else "common-cartridge", version


def _other(root: Element, schema: str) -> Other | None:
    """What a package is that is no cartridge, by what its writers say of it: few say it in the same place."""
    said_of = {key.rsplit("}", 1)[-1].lower() for element in root.iter() for key in element.attrib}
    types = [entry.get("type", "").strip().lower() for entry in descendants(root, "resource")]
    spaces = {str(key).partition("}")[0].lower() for element in root.iter() for key in (element.tag, *element.attrib)}
    if "scormtype" in said_of or "scorm" in schema:
        return Other.SCORM
    if any("x-bb-" in one for one in types):
        return Other.BLACKBOARD
    if any("desire2learn" in space for space in spaces):
        return Other.BRIGHTSPACE
    if "qti" in schema or any(one.startswith("imsqti") for one in types):
        return Other.QUESTIONS
    return None


def _words(element: Element | None) -> str:
    """The first language's words of a LOM text."""
    found = next(descendants(element, "string", "langstring"), None)
    return text(found)


def _language(general: Element | None) -> str | None:
    stated = text(general, "language")
    if not stated:
        found = next(descendants(child(general, "title"), "string"), None)
        stated = found.get("language", "") if found is not None else ""
    return stated or None


def _organization(organizations: Element | None, remark: Remark) -> tuple[Place, ...]:
    """What lies below the root item. Common Cartridge has exactly one organization with exactly one root."""
    found = list(children(organizations, "organization"))
    for further in found[1:]:
        remark(further.get("identifier", ""), said(Why.SECOND_ORGANIZATION))
    tops = [_place(item) for item in children(found[0] if found else None, "item")]
    if len(tops) == 1 and tops[0].reference is None:
        return tops[0].places
    return tuple(tops)


def _place(item: Element) -> Place:
    return Place(
        identifier=item.get("identifier", ""),
        title=text(item, "title"),
        reference=item.get("identifierref") or None,
        places=tuple(_place(below) for below in children(item, "item")),
    )


def _resources(element: Element | None, remark: Remark) -> dict[str, Resource]:
    found: dict[str, Resource] = {}
    for entry in children(element, "resource"):
        resource = _resource(entry, remark)
        if resource.identifier in found:
            remark(resource.identifier, said(Why.SECOND_RESOURCE))
        else:
            found[resource.identifier] = resource
    return found


def _resource(entry: Element, remark: Remark) -> Resource:
    identifier = entry.get("identifier", "")
    base = _base(entry)
    files = []
    for file in children(entry, "file"):
        path = _path(base, file.get("href", ""), identifier, remark)
        if path:
            files.append(path)
    href = entry.get("href")
    variant = child(entry, "variant")
    return Resource(
        identifier=identifier,
        type=entry.get("type", "").strip().lower(),
        href=_path(base, href, identifier, remark) if href else None,
        files=tuple(files),
        dependencies=tuple(found.get("identifierref", "") for found in children(entry, "dependency")),
        intended_use=entry.get("intendeduse", entry.get("intendedUse", "")).lower(),
        preferred=variant.get("identifierref") if variant is not None else None,
        inline=next(children(entry, *_INLINE), None),
    )


def _base(entry: Element) -> str:
    return entry.get("{http://www.w3.org/XML/1998/namespace}base", "")


def _path(base: str, href: str, identifier: str, remark: Remark) -> str | None:
    if inside(base, href) is None or inside(base, unquote(href)) is None:
        remark(identifier, said(Why.OUTSIDE, address=href))
        return None
    return inside(base, href)
