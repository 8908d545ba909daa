"""Addresses of the sandbox's pages: Canvas's own, since the REST API's ``html_url`` leads to them."""

from lti_tool.sandbox.models import ModuleItem

_OF_TYPE = {
    "Page": "pages",
    "Quiz": "quizzes",
    "Assignment": "assignments",
    "Discussion": "discussion_topics",
    "File": "files",
}


def course(course_id: int) -> str:
    """The course's home."""
    return f"/courses/{course_id}"


def item(found: ModuleItem) -> str:
    """Where an item of a module is opened; it leads on to what the item holds."""
    return f"/courses/{found.course_id}/modules/items/{found.id}"


def content(course_id: int, type_: str, key: int | str) -> str:
    """Where content of a type (as in ModuleItem) stands. ``key`` is a page's slug, else an id."""
    return f"/courses/{course_id}/{_OF_TYPE[type_]}/{key}"


def file_bytes(course_id: int, file_id: int) -> str:
    """A file itself, not the page about it."""
    return f"/courses/{course_id}/files/{file_id}/download"
