"""Files of questions as their formats' specifications have them, written here for the tests."""

import io
import zipfile
from collections.abc import Mapping


def zipped(files: Mapping[str, str | bytes]) -> bytes:
    """A zip file of these files by path."""
    kept = io.BytesIO()
    with zipfile.ZipFile(kept, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, content in files.items():
            archive.writestr(path, content)
    return kept.getvalue()


def qti1(items: str, *, title: str = "Quiz", section: str = "") -> str:
    """A quiz of QTI 1.2."""
    return (
        '<?xml version="1.0" encoding="UTF-8"?><questestinterop xmlns="http://www.imsglobal.org/xsd/ims_qtiasiv1p2">'
        f'<assessment ident="quiz1" title="{title}"><section ident="root">{section}{items}</section></assessment>'
        "</questestinterop>"
    )


def qti1_item(
    presentation: str, processing: str, *, ident: str = "i1", kind: str = "", profile: str = "", points: str = "1"
) -> str:
    """An item of QTI 1.2: Canvas's with ``kind``, Common Cartridge's with ``profile``."""
    fields = [("question_type", kind), ("cc_profile", profile), ("points_possible" if kind else "cc_weighting", points)]
    metadata = "".join(
        f"<qtimetadatafield><fieldlabel>{label}</fieldlabel><fieldentry>{entry}</fieldentry></qtimetadatafield>"
        for label, entry in fields
        if entry
    )
    return (
        f'<item ident="{ident}" title="Question"><itemmetadata><qtimetadata>{metadata}</qtimetadata></itemmetadata>'
        f"<presentation>{presentation}</presentation><resprocessing><outcomes>"
        f'<decvar maxvalue="100" minvalue="0" varname="SCORE" vartype="Decimal"/></outcomes>{processing}</resprocessing>'
        "</item>"
    )


def said(words: str) -> str:
    """A material of QTI 1.2."""
    return f'<material><mattext texttype="text/html">{words}</mattext></material>'


def labels(*pairs: tuple[str, str], several: bool = False, ident: str = "r", before: str = "") -> str:
    """A list to choose from, of QTI 1.2."""
    inner = "".join(f'<response_label ident="{key}">{said(words)}</response_label>' for key, words in pairs)
    cardinality = "Multiple" if several else "Single"
    return (
        f'<response_lid ident="{ident}" rcardinality="{cardinality}">{before}'
        f"<render_choice>{inner}</render_choice></response_lid>"
    )


def gives(condition: str, score: str = "100", *, action: str = "Set", feedback: str = "", goes_on: str = "No") -> str:
    """A condition of QTI 1.2 that gives points."""
    link = f'<displayfeedback feedbacktype="Response" linkrefid="{feedback}"/>' if feedback else ""
    return (
        f'<respcondition continue="{goes_on}"><conditionvar>{condition}</conditionvar>'
        f'<setvar action="{action}" varname="SCORE">{score}</setvar>{link}</respcondition>'
    )


def equals(value: str, ident: str = "r") -> str:
    """A comparison of QTI 1.2."""
    return f'<varequal respident="{ident}">{value}</varequal>'


def qti3_item(
    declarations: str,
    body: str,
    processing: str = "match_correct",
    *,
    ident: str = "i1",
    more: str = "",
    flags: str = "",
) -> str:
    """An item of QTI 3.0 with one of the standard templates, or a rule of its own that begins with ``<``."""
    template = "https://purl.imsglobal.org/spec/qti/v3p0/rptemplates/"
    rule = (
        f"<qti-response-processing>{processing}</qti-response-processing>"
        if processing.startswith("<")
        else f'<qti-response-processing template="{template}{processing}.xml"/>'
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?><qti-assessment-item xmlns="http://www.imsglobal.org/xsd/imsqtiasi_v3p0" '
        f'identifier="{ident}" title="An item" time-dependent="false" {flags}>{declarations}'
        '<qti-outcome-declaration identifier="SCORE" cardinality="single" base-type="float"/>'
        f"<qti-item-body>{body}</qti-item-body>{rule}{more}</qti-assessment-item>"
    )


def response(
    right: str = "", *, cardinality: str = "single", base: str = "identifier", mapping: str = "", ident: str = "R"
) -> str:
    """A declaration of QTI 3.0; ``right`` are values parted by ``|``, ``mapping`` is ``key=worth`` parted by ``|``."""
    values = "".join(f"<qti-value>{one}</qti-value>" for one in right.split("|") if one)
    entries = "".join(
        '<qti-map-entry map-key="{}" mapped-value="{}"/>'.format(*one.rsplit("=", 1))
        for one in mapping.split("|")
        if one
    )
    return (
        f'<qti-response-declaration identifier="{ident}" cardinality="{cardinality}" base-type="{base}">'
        + (f"<qti-correct-response>{values}</qti-correct-response>" if values else "")
        + (f'<qti-mapping default-value="0">{entries}</qti-mapping>' if entries else "")
        + "</qti-response-declaration>"
    )


def simple(*pairs: tuple[str, str], tag: str = "qti-simple-choice") -> str:
    """Choices of QTI 3.0."""
    return "".join(f'<{tag} identifier="{key}">{words}</{tag}>' for key, words in pairs)


def moodle(*questions: str) -> str:
    """A file of Moodle XML."""
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<quiz>{"".join(questions)}</quiz>'


def moodle_question(
    kind: str, inner: str, *, name: str = "A question", words: str = "<p>What?</p>", grade: str = "1"
) -> str:
    """A question of Moodle XML."""
    return (
        f'<question type="{kind}"><name><text>{name}</text></name>'
        f'<questiontext format="html"><text><![CDATA[{words}]]></text></questiontext>'
        f"<defaultgrade>{grade}</defaultgrade>{inner}</question>"
    )


def moodle_answer(words: str, fraction: str, feedback: str = "", more: str = "") -> str:
    """An answer of Moodle XML."""
    return (
        f'<answer fraction="{fraction}" format="html"><text><![CDATA[{words}]]></text>'
        f'<feedback format="html"><text><![CDATA[{feedback}]]></text></feedback>{more}</answer>'
    )


def moodle_category(path: str) -> str:
    """A category of Moodle XML."""
    return f'<question type="category"><category><text>{path}</text></category></question>'
