"""Builds small exports of Canvas for tests."""

from tests.cartridges.build import manifest, resource

LAR = "associatedcontent/imscc_xmlv1p1/learning-application-resource"
NS = 'xmlns="http://canvas.instructure.com/xsd/cccv1p0"'


def line(identifier: str, kind: str, title: str, reference: str = "", position: int = 1, extra: str = "") -> str:
    return (
        f'<item identifier="{identifier}"><content_type>{kind}</content_type><workflow_state>active</workflow_state>'
        f"<title>{title}</title><identifierref>{reference}</identifierref><position>{position}</position>{extra}</item>"
    )


def export(lines: str, resources: str, files: dict[str, str], organization: str = "") -> dict[str, str]:
    module = f'<module identifier="m"><title>Week</title><position>1</position><items>{lines}</items></module>'
    meta = f"<modules {NS}>{module}</modules>"
    settings = resource("settings", LAR, "course_settings/module_meta.xml")
    return {
        "imsmanifest.xml": manifest(organization, settings + resources, "1.1"),
        "course_settings/module_meta.xml": meta,
        **files,
    }
