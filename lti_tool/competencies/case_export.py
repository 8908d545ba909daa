"""A framework as CASE 1.1: the package, and each of its objects alone. Pure.

Objects have the fields of the specification's binding and no others: what a source said besides stands in ``extensions``. An
identifier that is no UUID (Moodle's, a code) is replaced by the row's id, and kept in an extension, so that a package of ours
that is imported again is the framework that it was.
"""

import re
import uuid
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from lti_tool.competencies.import_rules import ELSEWHERE, OURS
from lti_tool.competencies.models import Competency, CompetencyLink, Framework, FrameworkSource, LinkKind
from lti_tool.competencies.reading.case import (
    ASSOCIATION_FIELDS,
    DOCUMENT_FIELDS,
    EXTRA,
    IS_CHILD,
    ITEM_FIELDS,
    KINDS,
    MADE,
    RULE,
    SOURCE,
    SOURCE_IDENTIFIER,
)
from lti_tool.competencies.reading.text import plain_text

WORDS = {kind: word for word, kind in KINDS.items()} | {LinkKind.CHILD: IS_CHILD}
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_FLIP = 0x2B5AD4C1F6E3
"""What makes a competency's id the id of the association that places it, and back."""

_NO_FIELDS = OURS | {ELSEWHERE, "definitions", "rubrics", "associations", "subject"}
_DEFINITIONS = ("CFConcepts", "CFSubjects", "CFLicenses", "CFItemTypes", "CFAssociationGroupings")


class Exporter:
    """Writes one framework's objects. ``competencies`` in their order, without retired ones; ``links`` among them."""

    def __init__(
        self, framework: Framework, competencies: Sequence[Competency], links: Sequence[CompetencyLink], base_url: str
    ) -> None:
        self.framework = framework
        self.competencies = competencies
        self.by_id = {one.id: one for one in competencies}
        # An end in another framework is written as its source wrote it, among ``elsewhere``.
        self.links = [one for one in links if one.origin_id in self.by_id and one.destination_id in self.by_id]
        self.base = f"{base_url.rstrip('/')}/ims/case/v1p1"

    def package(self) -> dict[str, Any]:
        """The CFPackage (``CFPackageDType``): inside it, objects do not name their document."""
        extra = self.framework.extra
        found: dict[str, Any] = {
            "CFDocument": _without(self.document(), "CFPackageURI"),
            "CFItems": [_without(self.item(one), "CFDocumentURI") for one in self.competencies],
            "CFAssociations": [_without(one, "CFDocumentURI") for one in self.associations()],
        }
        definitions = extra.get("definitions")
        if definitions:
            dated = _dated(definitions, _moment(self.framework.changed_at))
            found["CFDefinitions"] = {name: dated[name] for name in (*_DEFINITIONS, "extensions") if name in dated}
        if extra.get("rubrics"):
            found["CFRubrics"] = _dated(extra["rubrics"], _moment(self.framework.changed_at))
        return found

    # --- Objects -----------------------------------------------------------------------------------------------------

    def document(self) -> dict[str, Any]:
        """The CFDocument."""
        framework = self.framework
        identifier = case_identifier(framework)
        extra = framework.extra
        kept = {name: value for name, value in extra.items() if name in DOCUMENT_FIELDS and name not in _NO_FIELDS}
        details = {
            name: value for name, value in extra.items() if name not in DOCUMENT_FIELDS and name not in _NO_FIELDS
        }
        extensions = dict(kept.pop("extensions", {}))
        if details:
            extensions[EXTRA] = details
        if framework.source is not FrameworkSource.CASE:
            extensions[SOURCE] = framework.source.value
        if framework.identifier != identifier:
            extensions[SOURCE_IDENTIFIER] = framework.identifier
        subjects = extra.get("subject") or ([framework.subject] if framework.subject else [])
        return _filled(
            {
                "identifier": identifier,
                "uri": self._uri(framework.uri, identifier),
                "creator": framework.creator,
                "title": framework.title,
                "lastChangeDateTime": _moment(framework.changed_at),
                "description": framework.description,
                "subject": subjects,
                "language": framework.language,
                "adoptionStatus": framework.status,
                "caseVersion": "1.1",
                **kept,
                "extensions": extensions,
                "CFPackageURI": {
                    "title": framework.title,
                    "identifier": identifier,
                    "uri": f"{self.base}/CFPackages/{identifier}",
                },
            },
            keep=("creator",),
        )

    def item(self, competency: Competency) -> dict[str, Any]:
        """A CFItem."""
        identifier = case_identifier(competency)
        extra = competency.extra
        kept = {name: value for name, value in extra.items() if name in ITEM_FIELDS}
        details = {name: value for name, value in extra.items() if name not in ITEM_FIELDS and name != "child"}
        extensions = dict(kept.pop("extensions", {}))
        if details:
            extensions[EXTRA] = details
        if competency.rule:
            extensions[RULE] = competency.rule
        if plain_text(str(kept.get("fullStatement", ""))) != competency.statement:
            kept.pop("fullStatement", None)  # Written anew here, so that the source's markup is of another statement.
        if competency.identifier != identifier:
            extensions[SOURCE_IDENTIFIER] = competency.identifier
        return _filled(
            {
                "identifier": identifier,
                "uri": self._uri(competency.uri, identifier),
                "fullStatement": competency.statement,
                "humanCodingScheme": competency.code,
                "abbreviatedStatement": competency.short,
                "CFItemType": competency.kind,
                "educationLevel": competency.grades,
                "lastChangeDateTime": _moment(competency.changed_at),
                **kept,
                "extensions": extensions,
                "CFDocumentURI": self._document_link(),
            }
        )

    def associations(self) -> list[dict[str, Any]]:
        """Every CFAssociation: where each competency stands first, then the others, then those that lead elsewhere."""
        found = [self.placing(one) for one in self.competencies]
        found += [self.association(one) for one in self.links]
        return found + [self._elsewhere(one) for one in self.framework.extra.get(ELSEWHERE, [])]

    def placing(self, competency: Competency) -> dict[str, Any]:
        """The association that says what a competency stands under: another, or the document."""
        said = competency.extra.get("child")
        child = dict(said) if isinstance(said, dict) else {"extensions": {MADE: True}}
        identifier = child.pop("identifier", None)
        if not (isinstance(identifier, str) and _UUID.fullmatch(identifier)):
            identifier = str(placing_id(competency.id))
        parent = self.by_id.get(competency.parent_id) if competency.parent_id else None
        to = self._item_link(parent) if parent is not None else self._document_link()
        return self._association(identifier, IS_CHILD, self._item_link(competency), to, child)

    def association(self, link: CompetencyLink) -> dict[str, Any]:
        """A CFAssociation."""
        kept = dict(self.framework.extra.get("associations", {}).get(link.identifier or "", {}))
        word = kept.pop("associationType", None) or WORDS.get(link.kind, "ext:other")
        identifier = link.identifier or ""
        if not _UUID.fullmatch(identifier):
            identifier = str(link.id)
            kept["extensions"] = {**kept.get("extensions", {}), MADE: True}
        if link.position > 0:
            kept["sequenceNumber"] = link.position
        origin, destination = self.by_id[link.origin_id], self.by_id[link.destination_id]
        return self._association(identifier, word, self._item_link(origin), self._item_link(destination), kept)

    def _association(
        self, identifier: str, word: str, origin: Mapping[str, str], to: Mapping[str, str], kept: Mapping[str, Any]
    ) -> dict[str, Any]:
        return _filled(
            {
                "identifier": identifier,
                "associationType": word,
                "uri": self._uri(None, identifier),
                "originNodeURI": origin,
                "destinationNodeURI": to,
                "lastChangeDateTime": _moment(self.framework.changed_at),
                **{name: value for name, value in kept.items() if name in ASSOCIATION_FIELDS},
                "CFDocumentURI": self._document_link(),
            }
        )

    def _elsewhere(self, association: Mapping[str, Any]) -> dict[str, Any]:
        """An association that leads out of the framework, as its source wrote it."""
        said = {name: value for name, value in association.items() if name in ASSOCIATION_FIELDS}
        return _filled(
            said | {"lastChangeDateTime": _moment(self.framework.changed_at), "CFDocumentURI": self._document_link()}
        )

    # --- Links -------------------------------------------------------------------------------------------------------

    def _document_link(self) -> dict[str, str]:
        identifier = case_identifier(self.framework)
        return {
            "title": self.framework.title,
            "identifier": identifier,
            "uri": self._uri(self.framework.uri, identifier),
        }

    def _item_link(self, competency: Competency) -> dict[str, str]:
        identifier = case_identifier(competency)
        title = competency.code or competency.statement[:100]
        return {"title": title, "identifier": identifier, "uri": self._uri(competency.uri, identifier)}

    @staticmethod
    def _uri(known: str | None, identifier: str) -> str:
        """The publisher's address, else a name that is an address too (RFC 9562, section 4) and is read as none."""
        return known or f"urn:uuid:{identifier}"


def case_identifier(row: Framework | Competency) -> str:
    """The UUID by which CASE knows a framework or a competency: its source's, else the row's."""
    return row.identifier if _UUID.fullmatch(row.identifier) else str(row.id)


def placing_id(competency_id: uuid.UUID) -> uuid.UUID:
    """The id of the association that places a competency; given that, the competency's."""
    return uuid.UUID(int=competency_id.int ^ _FLIP)


def _moment(value: datetime) -> str:
    return value.astimezone(UTC).isoformat(timespec="seconds")


def _without(given: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in given.items() if key != name}


def _filled(given: Mapping[str, Any], keep: Sequence[str] = ()) -> dict[str, Any]:
    """Only fields that say something: in the binding nothing is null."""
    return {name: value for name, value in given.items() if name in keep or value not in (None, "", [], {})}


_LINK = frozenset({"title", "identifier", "uri", "targetType"})


def _dated(value: Any, moment: str) -> Any:
    """Definitions and rubrics with the date that the binding demands of each, which is not kept."""
    if isinstance(value, list):
        return [_dated(one, moment) for one in value]
    if isinstance(value, dict):
        found = {name: _dated(one, moment) for name, one in value.items()}
        is_object = {"identifier", "uri"} <= found.keys() and not found.keys() <= _LINK
        return found | ({"lastChangeDateTime": moment} if is_object else {})
    return value
