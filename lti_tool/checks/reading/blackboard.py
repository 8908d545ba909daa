"""QTI 1.2 as Blackboard writes its pools and tests (``res00001.dat``), put into the form that other writers give it.

Kinds, ids and points stand in elements of their own (``bbmd_…``), texts in extensions, blocks are flows with a class. A right
answer sets ``SCORE.max``, or, where several are right, shows the feedback for a right one and sets nothing.
"""

from collections.abc import Iterator
from xml.etree.ElementTree import Element

from lti_tool.cartridges.markup import child, children, descendants, name, text
from lti_tool.checks.reading.building import decimal

_RIGHT = "correct"


def put_right(item: Element) -> None:
    """Change an item of Blackboard's, in place; others stay as they are."""
    metadata = child(item, "itemmetadata")
    if not text(metadata, "bbmd_questiontype"):
        return
    if not item.get("ident"):
        item.set("ident", text(metadata, "bbmd_asi_object_id"))
    for part in item.iter():
        if name(part) == "mat_formattedtext":
            part.tag = "mattext"
            part.set("texttype", "text/html" if part.get("type", "").upper() == "HTML" else "")
    _score(item)
    for block in list(_blocks(item, "RESPONSE_BLOCK")):
        _gather(block, list(_blocks(item, "RIGHT_MATCH_BLOCK")))
    for feedback in children(item, "itemfeedback"):
        feedback.set("ident", f"{feedback.get('ident', '')}_fb")


def fields_of(item: Element) -> dict[str, str]:
    """The kind and the points of an item of Blackboard's, as QTI's metadata would call them; nothing of others."""
    metadata = child(item, "itemmetadata")
    kind = text(metadata, "bbmd_questiontype")
    if not kind:
        return {}
    points = decimal(text(metadata, "qmd_absolutescore_max"))
    return {"question_type": kind} | ({"points_possible": str(points)} if points is not None else {})


def _blocks(item: Element, kind: str) -> Iterator[Element]:
    return (flow for flow in descendants(child(item, "presentation"), "flow") if flow.get("class") == kind)


def _score(item: Element) -> None:
    most = next(descendants(child(item, "resprocessing"), "decvar"), None)
    highest = decimal(most.get("maxvalue")) if most is not None else None
    for condition in descendants(child(item, "resprocessing"), "respcondition"):
        changes = list(children(condition, "setvar"))
        for change in changes:
            if (change.text or "").strip() == "SCORE.max":
                change.text = str(highest) if highest is not None and highest > 0 else "1"
        shown = [link.get("linkrefid") for link in children(condition, "displayfeedback")]
        if not changes and _RIGHT in shown:
            change = condition.makeelement("setvar", {"action": "Add"})
            change.text = "1"
            condition.append(change)


def _gather(block: Element, right: list[Element]) -> None:
    """Into each response what stands beside it, and into its labels what they can be matched with, by their order."""
    words = [flow for one in right for flow in children(one, "flow")]
    responses: list[Element] = []
    for flow in (block, *children(block, "flow")):
        for response in children(flow, "response_lid", "response_str", "response_num", "response_grp"):
            if flow is not block:
                beside = [part for other in children(flow, "flow") for part in descendants(other, "material")]
                response[:] = [*beside, *response]
            for label, said in zip(descendants(response, "response_label"), words, strict=False):
                label.append(said)
            responses.append(response)
    block[:] = responses
    for one in right:
        one[:] = []
