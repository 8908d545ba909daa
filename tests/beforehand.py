"""What a process of the tool has behind it before it is one: templates compiled, tables mapped, nothing to look through again.

Processes of ``tests.servers`` are split off from one that has read this. Each would do it for itself at its first pages
otherwise, which takes as much as everything else that a short story asks of it.
"""

import gc

from sqlalchemy.orm import configure_mappers

from lti_tool import app, cli, demo  # noqa: F401 - so that every table and every template's words are there.
from tests import templates

configure_mappers()
for environment in templates.shared():
    for name in environment.list_templates(extensions=["html"]):
        environment.get_template(name)
gc.collect()
gc.freeze()
