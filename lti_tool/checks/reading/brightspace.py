"""QTI 1.2 as Brightspace writes its quizzes and its question library, put into the form that other writers give it.

Metadata is called ``qti_metadatafield``; what is right is counted in ``D2L_Correct`` and what is wrong in ``D2L_Incorrect``, of
which the score is made afterwards; typed answers are compared by the field's name and not by the response's; an order says of
each label which place it has.
"""

from xml.etree.ElementTree import Element

from lti_tool.cartridges.markup import child, children, descendants, name, text

_KIND, _POINTS = "qmd_questiontype", "qmd_weighting"
_WRONG = "D2L_Incorrect"
_MADE = "que_score"


def put_right(item: Element) -> None:
    """Change an item of Brightspace's, in place; others stay as they are."""
    fields = list(descendants(child(item, "itemmetadata"), "qti_metadatafield"))
    if not any(text(field, "fieldlabel") == _KIND for field in fields):
        return
    for field in fields:
        field.tag = "qtimetadatafield"
    presentation = child(item, "presentation")
    for group in descendants(presentation, "response_grp"):
        if not group.get("ident"):
            group.set("ident", group.get("respident", ""))
    renamed: dict[str, str] = {}
    places: dict[str, str] = {}
    for response in descendants(presentation, "response_lid", "response_grp", "response_str", "response_num"):
        labels = [label.get("ident", "") for label in descendants(response, "response_label")]
        if name(response) in ("response_str", "response_num"):
            renamed |= dict.fromkeys(labels, response.get("ident", ""))
        elif response.get("rcardinality", "").lower() == "ordered":
            places |= dict.fromkeys(labels, response.get("ident", ""))
    processing = child(item, "resprocessing")
    _count(processing)
    for check in descendants(processing, "varequal"):
        asked = check.get("respident", "")
        if asked in renamed:
            check.set("respident", renamed[asked])
        elif asked in places:
            check.set("index", (check.text or "").strip())
            check.set("respident", places[asked])
            check.text = asked


def fields_of(fields: dict[str, str]) -> dict[str, str]:
    """The kind and the points as QTI's metadata of other writers calls them; nothing of those."""
    if _KIND not in fields:
        return {}
    return {"question_type": fields[_KIND]} | ({"points_possible": fields[_POINTS]} if fields.get(_POINTS) else {})


def _count(processing: Element | None) -> None:
    """What is wrong takes away as much as what is right gives; what is only made of both is left out."""
    if processing is None:
        return
    for condition in list(children(processing, "respcondition")):
        changes = list(children(condition, "setvar"))
        if any(change.get("varname") == _MADE for change in changes):
            processing.remove(condition)
        for change in changes:
            if change.get("varname") == _WRONG:
                change.text = "-1"
