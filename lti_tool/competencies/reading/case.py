"""CASE packages, versions 1.0 and 1.1, bare or wrapped in ``CFPackage`` (1EdTech, Competencies and Academic Standards Exchange).

Servers differ in small things: links as objects of three fields or as bare addresses, the same item twice, single words where
lists are meant, parents that are not in the package. What can be understood is taken over, and what was done is said.
``isChildOf`` leads from child to parent, ``precedes`` from the prerequisite to what it opens.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from lti_tool.competencies.models import FrameworkSource, LinkKind
from lti_tool.competencies.reading.building import Build, LinkSaid, plain_json
from lti_tool.competencies.reading.text import has_markup, plain_text
from lti_tool.competencies.reading.values import (
    MOST_LINKS,
    MOST_ROWS,
    SHORTEN,
    CompetencyRow,
    FrameworkFile,
    FrameworkTooLarge,
    LinkRow,
    Problem,
    Trouble,
    UnreadableFramework,
    Weight,
    shortened,
)
from lti_tool.web.i18n import N_


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


IS_CHILD = "isChildOf"
KINDS = {
    "precedes": LinkKind.PRECEDES,
    "isRelatedTo": LinkKind.RELATED,
    "isPeerOf": LinkKind.PEER,
    "isPartOf": LinkKind.PART,
    "exactMatchOf": LinkKind.EXACT,
    "replacedBy": LinkKind.REPLACED,
    "exemplar": LinkKind.EXEMPLAR,
    "hasSkillLevel": LinkKind.SKILL_LEVEL,
    "isTranslationOf": LinkKind.TRANSLATION,
}
"""Association types of CASE 1.1 by what they are here; ``ext:…`` and others become ``other``, with their word kept."""

DOCUMENT_FIELDS = _words(
    "identifier uri frameworkType caseVersion creator title lastChangeDateTime officialSourceURL publisher description subject "
    "subjectURI language version adoptionStatus statusStartDate statusEndDate licenseURI notes extensions CFPackageURI"
)
ITEM_FIELDS = _words(
    "identifier fullStatement alternativeLabel CFItemType uri humanCodingScheme listEnumeration abbreviatedStatement "
    "conceptKeywords conceptKeywordsURI notes subject subjectURI language educationLevel CFItemTypeURI licenseURI "
    "statusStartDate statusEndDate lastChangeDateTime extensions CFDocumentURI"
)
ASSOCIATION_FIELDS = _words(
    "identifier associationType sequenceNumber uri originNodeURI destinationNodeURI CFAssociationGroupingURI "
    "lastChangeDateTime notes extensions CFDocumentURI"
)
"""The fields that version 1.1 has. What else a source writes is kept among the extensions, where 1.1 has it."""

SOURCE_IDENTIFIER = "ltiToolSourceIdentifier"
"""Our export's extension with the identifier of a source that does not use UUIDs, such as Moodle's id numbers."""
SOURCE = "ltiToolSource"
RULE = "ltiToolRule"
EXTRA = "ltiToolDetails"
MADE = "ltiToolMade"
"""Further extensions of our export: where a framework first came from, a competency's rule, details that CASE has no field for,
and an association that our source has not as an object of its own.
"""

_OWN_DOCUMENT = frozenset(
    {"identifier", "title", "creator", "description", "subject", "language", "uri", "adoptionStatus", "CFPackageURI"}
)
_OWN_ITEM = _words(
    "identifier fullStatement abbreviatedStatement humanCodingScheme CFItemType educationLevel uri CFDocumentURI"
)
_OWN_ASSOCIATION = frozenset({"identifier", "associationType", "originNodeURI", "destinationNodeURI", "CFDocumentURI"})
# The dates say when the source last touched something, not that it says anything else now: 1.0 and 1.1 of one framework differ in
# them, and so do two exports of one server.
_NEVER_KEPT = frozenset({"lastChangeDateTime"})
_LEFT_ELSEWHERE = _NEVER_KEPT | {"CFDocumentURI"}
_SAYS = frozenset({"code", "statement", "short", "kind", "grades", "parent", "uri", "extra"})
_ONLY_NEWER = frozenset({"frameworkType", "extensions", "item.subject", "item.subjectURI", "item.extensions"})
"""What version 1.0 has no field for, so that a file of it does not take it away."""
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE)
_PART = re.compile(r"[^/#?]+")

_NO_DOCUMENT = N_(
    "There is no CFDocument with an identifier in it, so the tool could not know the framework again. Export the whole package "
    "(CFPackages) from the source. Nothing was changed."
)


def package_in(parsed: Any) -> dict[str, Any] | None:
    """The package in a piece of JSON, bare, wrapped or alone in a list; None where there is none."""
    if isinstance(parsed, list) and len(parsed) == 1:
        parsed = parsed[0]
    if isinstance(parsed, dict):
        inner = parsed.get("CFPackage", parsed)
        if isinstance(inner, dict) and ("CFDocument" in inner or "CFItems" in inner):
            return inner
    return None


def read(package: Mapping[str, Any], problems: tuple[Problem, ...] = ()) -> FrameworkFile:
    """The framework of a package. Raises UnreadableFramework where it has no document, or one without an identifier."""
    document = package.get("CFDocument")
    if isinstance(document, list) and document:
        document = document[0]
    if not isinstance(document, dict) or not _identifier(document):
        raise UnreadableFramework("no CFDocument with an identifier", advice=_NO_DOCUMENT)
    reader = _Reader(document, Build(list(problems)))
    for number, item in enumerate(_list(package.get("CFItems"), MOST_ROWS), start=1):
        reader.take_item(item, f"CFItems {number}")
    for number, association in enumerate(_list(package.get("CFAssociations"), 2 * MOST_LINKS), start=1):
        reader.take_association(association, f"CFAssociations {number}")
    return reader.result(package)


@dataclass
class _Reader:
    document: dict[str, Any]
    build: Build
    parents: dict[str, list[tuple[float, int, str, str]]] = field(default_factory=dict)
    links: list[LinkSaid] = field(default_factory=list)
    elsewhere: list[dict[str, Any]] = field(default_factory=list)
    kept: dict[str, dict[str, Any]] = field(default_factory=dict)
    unknown: set[str] = field(default_factory=set)
    seen: set[str] = field(default_factory=set)
    restored: dict[str, str] = field(default_factory=dict)
    place: dict[str, tuple[float, int]] = field(default_factory=dict)

    # --- Items -------------------------------------------------------------------------------------------------------

    def take_item(self, item: Any, where: str) -> None:
        """Take one item in."""
        if not isinstance(item, dict):
            self.build.tell(Trouble.NO_IDENTIFIER, where, Weight.REFUSED)
            return
        written = _identifier(item)
        extra = _besides(item, _OWN_ITEM, ITEM_FIELDS)
        identifier = self._restored(written, extra)
        where = _text(item.get("humanCodingScheme")) or written or where
        short = plain_text(_text(item.get("abbreviatedStatement")))
        written_out = _text(item.get("fullStatement"))
        if has_markup(written_out):
            extra["fullStatement"] = plain_json(written_out)
        self.build.add(
            CompetencyRow(
                identifier=identifier,
                code=_text(item.get("humanCodingScheme")),
                statement=(plain_text(written_out) if has_markup(written_out) else written_out) or short,
                short=short,
                kind=_text(item.get("CFItemType")) or _text(_field(item.get("CFItemTypeURI"), "title")),
                grades=tuple(shortened(grade, 100) for grade in _texts(item.get("educationLevel"))),
                uri=_uri(item, written),
                rule=extra.pop("rule", None) if isinstance(extra.get("rule"), dict) else None,
                extra=extra,
                where=where,
            )
        )

    def _restored(self, written: str, extra: dict[str, Any]) -> str:
        """The identifier that the source uses, where our own export wrote it beside a UUID."""
        extensions = extra.get("extensions")
        if not isinstance(extensions, dict):
            return written
        rule = extensions.pop(RULE, None)
        if isinstance(rule, dict):
            extra["rule"] = rule
        details = extensions.pop(EXTRA, None)
        source = extensions.pop(SOURCE_IDENTIFIER, None)
        if not extensions:
            del extra["extensions"]
        if isinstance(details, dict):
            extra.update(details)
        if isinstance(source, str) and source:
            self.restored[written] = source
            return source
        return written

    # --- Associations ------------------------------------------------------------------------------------------------

    def take_association(self, association: Any, where: str) -> None:
        """Take one association in."""
        build = self.build
        if not isinstance(association, dict):
            build.tell(Trouble.NOT_UNDERSTOOD, where, Weight.CHANGED, field="CFAssociation")
            return
        identifier = _identifier(association)
        where = identifier or where
        if identifier and identifier in self.seen:
            build.tell(Trouble.LINK_TWICE, where, Weight.NOTE, name=identifier)
            return
        self.seen.add(identifier)
        origin, destination = (self._node(association, name) for name in ("originNodeURI", "destinationNodeURI"))
        if not origin or not destination:
            build.tell(Trouble.NOT_UNDERSTOOD, where, Weight.CHANGED, field="CFAssociation")
            return
        kind = _text(association.get("associationType"))
        sequence = _number(association.get("sequenceNumber"))
        if kind == IS_CHILD:
            self._take_child(association, origin, destination, sequence, where)
        elif self._is_here(origin) and self._is_here(destination):
            self._take_link(association, kind, origin, destination, sequence, where)
        else:
            self._keep_elsewhere(association, origin, destination, KINDS.get(kind, LinkKind.OTHER))

    def _is_here(self, node: str) -> bool:
        return node in self.build.rows

    def _node(self, association: Mapping[str, Any], name: str) -> str:
        node = association.get(name)
        found = _identifier(node) if isinstance(node, dict) else ""
        found = found or _last_part(_field(node, "uri") or node)
        return self.restored.get(found, found)

    def _take_child(
        self, association: dict[str, Any], origin: str, destination: str, sequence: float | None, where: str
    ) -> None:
        if not self._is_here(origin):
            self._keep_elsewhere(association, origin, destination, LinkKind.CHILD)
            return
        place = (float("inf") if sequence is None else sequence, len(self.place))
        if destination in {_identifier(self.document), self.restored.get(_identifier(self.document))}:
            self.place.setdefault(origin, place)
            self._keep(origin, association)
            return
        self.parents.setdefault(origin, []).append((*place, destination, where))
        if len(self.parents[origin]) == 1:
            self.place[origin] = place
            self._keep(origin, association)
        else:
            link = LinkRow(origin, destination, LinkKind.CHILD, _link_identifier(association), _whole(sequence))
            self.links.append(LinkSaid(link, where))
            self._keep_fields(association)

    def _keep(self, origin: str, association: Mapping[str, Any]) -> None:
        """Keep the association that says where a competency stands with the competency, to be exported again."""
        if _is_made(association):
            return
        row = self.build.rows[origin]
        said = {"identifier": _identifier(association)} | _besides(association, _OWN_ASSOCIATION, ASSOCIATION_FIELDS)
        if said.get("uri") == f"urn:uuid:{said['identifier']}":
            del said["uri"]
        row.extra["child"] = {name: value for name, value in said.items() if value != ""}

    def _take_link(
        self,
        association: dict[str, Any],
        kind: str,
        origin: str,
        destination: str,
        sequence: float | None,
        where: str,
    ) -> None:
        known = KINDS.get(kind, LinkKind.OTHER)
        if known is LinkKind.OTHER and kind not in self.unknown:
            self.unknown.add(kind)
            self.build.tell(Trouble.UNKNOWN_KIND, where, Weight.NOTE, name=shortened(kind, 60))
        link = LinkRow(origin, destination, known, _link_identifier(association), _whole(sequence))
        self.links.append(LinkSaid(link, where))
        self._keep_fields(association, {"associationType": kind} if known is LinkKind.OTHER else {})

    def _keep_fields(self, association: Mapping[str, Any], more: Mapping[str, Any] | None = None) -> None:
        fields = _besides(association, _OWN_ASSOCIATION | {"sequenceNumber"}, ASSOCIATION_FIELDS) | dict(more or {})
        # The address of an association is made from its identifier again.
        fields.pop("uri", None)
        identifier = _link_identifier(association)
        if fields and identifier:
            self.kept[identifier] = fields

    def _keep_elsewhere(self, association: Mapping[str, Any], origin: str, destination: str, kind: LinkKind) -> None:
        """Keep an association that leads out of this package as it was written, with what it means here."""
        said = {name: value for name, value in plain_json(dict(association)).items() if name not in _LEFT_ELSEWHERE}
        self.elsewhere.append(said | {"ends": [origin, destination, kind.value]})

    # --- All of it ---------------------------------------------------------------------------------------------------

    def result(self, package: Mapping[str, Any]) -> FrameworkFile:
        """Everything that was taken in."""
        build, document = self.build, self.document
        for identifier, parents in self.parents.items():
            parent, row = parents[0][2], build.rows[identifier]
            if len(parents) > 1:
                build.tell(Trouble.SEVERAL_PARENTS, row.where, Weight.NOTE, name=build.name_of(parent))
            object.__setattr__(row, "parent", parent)
        end = (float("inf"), len(self.place))
        # Sorting keeps what has no number in the order of the file, behind what has one.
        ordered = build.tree(lambda row: self.place.get(row.identifier, end)[0])
        extra = _besides(document, _OWN_DOCUMENT, DOCUMENT_FIELDS)
        # What every version 1.1 says of itself, and no 1.0.
        is_newer = str(extra.pop("caseVersion", "")).startswith("1.1")
        identifier = self._restored(_identifier(document), extra)
        source = _source(extra)
        subjects = _texts(document.get("subject"))
        where = "CFDocument"
        if len(subjects) > 1:
            extra["subject"] = subjects
        extra.update(_rest_of(package))
        if self.kept:
            extra["associations"] = self.kept
        if self.elsewhere:
            build.tell(Trouble.ELSEWHERE, where, Weight.NOTE, number=str(len(self.elsewhere)))
        title = _text(document.get("title")) or identifier
        return FrameworkFile(
            source=source,
            identifier=shortened(identifier, SHORTEN["identifier"]),
            title=build.fit("title", title, where),
            creator=build.fit("creator", _text(document.get("creator")), where),
            description=build.fit("description", _text(document.get("description")), where),
            subject=build.fit("subject", ", ".join(subjects), where),
            language=build.fit("language", _text(document.get("language")), where),
            status=build.fit("status", _text(document.get("adoptionStatus")), where),
            uri=build.uri(_uri(document, _identifier(document)), where),
            extra=extra,
            competencies=ordered,
            links=build.links(self.links),
            elsewhere=tuple(self.elsewhere),
            problems=tuple(build.problems),
            says=_SAYS | {"rule"} if any(row.rule for row in ordered) else _SAYS,
            cannot_say=frozenset() if is_newer else _ONLY_NEWER,
            left_out=frozenset(build.refused),
        )


def _source(extra: dict[str, Any]) -> FrameworkSource:
    """Where the framework first came from, where our own export says so."""
    extensions = extra.get("extensions")
    if isinstance(extensions, dict):
        said = extensions.pop(SOURCE, None)
        if not extensions:
            del extra["extensions"]
        if said in set(FrameworkSource):
            return FrameworkSource(said)
    return FrameworkSource.CASE


def _rest_of(package: Mapping[str, Any]) -> dict[str, Any]:
    """What a package holds besides document, items and associations, where it is not empty."""
    found: dict[str, Any] = {}
    definitions = package.get("CFDefinitions")
    if isinstance(definitions, dict):
        filled = {name: _undated(value) for name, value in definitions.items() if value}
        if filled:
            found["definitions"] = filled
    if package.get("CFRubrics"):
        found["rubrics"] = _undated(package["CFRubrics"])
    return found


def _besides(given: Mapping[str, Any], own: frozenset[str] | set[str], standard: frozenset[str]) -> dict[str, Any]:
    """What an object says besides what has a column; fields that are none of CASE 1.1's among the extensions."""
    extensions: dict[str, Any] = {}
    found: dict[str, Any] = {}
    for name, value in given.items():
        if value in (None, "", [], {}) or name in own or name in _NEVER_KEPT:
            continue
        if name == "extensions" and isinstance(value, dict):
            extensions.update(plain_json(value))
        elif name in standard:
            found[name] = plain_json(value)
        else:
            extensions[name] = plain_json(value)
    extensions.pop(MADE, None)
    return found | ({"extensions": extensions} if extensions else {})


def _undated(value: Any) -> Any:
    value = plain_json(value)
    if isinstance(value, list):
        return [_undated(one) for one in value]
    if isinstance(value, dict):
        return {name: _undated(one) for name, one in value.items() if name not in _NEVER_KEPT}
    return value


def _list(value: Any, most: int) -> Iterator[Any]:
    if isinstance(value, list):
        if len(value) > most:
            raise FrameworkTooLarge(f"a list of {len(value)}")
        yield from value
    elif isinstance(value, dict):
        # Some write a single object where a list of one is meant.
        yield value


def _field(value: Any, name: str) -> Any:
    return value.get(name) if isinstance(value, dict) else None


def _text(value: Any) -> str:
    """A text without spaces around it; a number as it is written; empty for anything else."""
    if isinstance(value, bool):
        return ""
    if isinstance(value, int | float):
        return str(value)[:40]
    return value.strip() if isinstance(value, str) else ""


def _texts(value: Any) -> list[str]:
    """A list of texts; a single text as a list of one, parted at commas where it is one for several."""
    if isinstance(value, str):
        return [part.strip() for part in value.split(",") if part.strip()]
    if isinstance(value, list):
        return [text for one in value if (text := _text(one) or _text(_field(one, "title")))]
    return []


def _number(value: Any) -> float | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, str):
        try:
            value = float(value)
        except ValueError:
            return None
    return float(value) if isinstance(value, int | float) and abs(value) < 2**31 else None


def _uri(given: Mapping[str, Any], identifier: str) -> str | None:
    """An address that says more than the identifier alone, which ``urn:uuid:`` does not."""
    found = _text(given.get("uri"))
    return None if not found or found.lower() == f"urn:uuid:{identifier}" else found


def _link_identifier(association: Mapping[str, Any]) -> str | None:
    """The source's identifier of an association; None for one that only our export has given one."""
    return None if _is_made(association) else _identifier(association)[:255] or None


def _is_made(association: Mapping[str, Any]) -> bool:
    extensions = association.get("extensions")
    return isinstance(extensions, dict) and extensions.get(MADE) is True


def _whole(value: float | None) -> int:
    return 0 if value is None else int(value)


def _identifier(value: Any) -> str:
    """An object's identifier; a UUID in small letters, since it means the same in others (RFC 9562, section 4)."""
    found = _text(_field(value, "identifier") or _field(value, "sourcedId"))
    if not found:
        # Some name a thing by its address alone, which ends in the identifier.
        last = _last_part(_field(value, "uri"))
        return last if _UUID.fullmatch(last) else ""
    return found.lower() if _UUID.fullmatch(found) else found


def _last_part(address: Any) -> str:
    """The identifier at the end of an address, for links that are addresses alone: ``…/CFItems/1234``, ``urn:uuid:1234``."""
    parts = _PART.findall(_text(address).removeprefix("urn:uuid:"))
    found = parts[-1] if parts else ""
    return found.lower() if _UUID.fullmatch(found) else found
