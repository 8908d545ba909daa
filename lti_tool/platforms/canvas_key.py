"""The configuration of a Canvas LTI developer key, for ``/lti/config/canvas.json``, the command and the console."""

from typing import Any

from lti_tool.lti.models import Family
from lti_tool.lti.tool_description import TOOL_ID, ToolConfiguration
from lti_tool.platforms import quirks


def canvas_developer_key(tool: ToolConfiguration) -> dict[str, Any]:
    """The JSON of a Canvas LTI developer key (Canvas's documentation "Manually Configuring LTI Advantage Tools")."""
    members = quirks(Family.CANVAS)
    placements = [
        {
            "placement": one.name,
            "message_type": one.message,
            "target_link_uri": tool.launch_url,
            "text": one.label,
            **one.settings,
        }
        for one in members.placements()
    ]
    return {
        "title": tool.name,
        "description": tool.description,
        "oidc_initiation_url": tool.login_url,
        "target_link_uri": tool.launch_url,
        "public_jwk_url": tool.jwks_url,
        "scopes": [*tool.scopes],
        "custom_fields": dict(tool.custom),
        "extensions": [
            {
                "platform": "canvas.instructure.com",
                "domain": tool.domain,
                "tool_id": TOOL_ID,
                "privacy_level": "name_only",
                "settings": {"text": tool.name, "icon_url": tool.icon_url, "placements": placements},
            }
        ],
    }
