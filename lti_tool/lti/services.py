"""The platform's services, as other rooms use them: one import for the clients, their values and their errors."""

from lti_tool.lti.ags import AgsClient
from lti_tool.lti.gradebook import (
    ActivityProgress,
    GradingProgress,
    LineItemData,
    ResultData,
    ScoreData,
    SubmissionReview,
)
from lti_tool.lti.groups import Group, GroupsClient, GroupSet
from lti_tool.lti.notices import NoticesClient
from lti_tool.lti.nrps import Member, MemberStatus, NrpsClient
from lti_tool.lti.protocol import Protocol
from lti_tool.lti.quirks import Call, ServiceQuirks
from lti_tool.lti.trouble import ServiceRefused, ServiceUnreachable

__all__ = [
    "ActivityProgress",
    "AgsClient",
    "Call",
    "GradingProgress",
    "Group",
    "GroupSet",
    "GroupsClient",
    "LineItemData",
    "Member",
    "MemberStatus",
    "NoticesClient",
    "NrpsClient",
    "Protocol",
    "ResultData",
    "ScoreData",
    "ServiceQuirks",
    "ServiceRefused",
    "ServiceUnreachable",
    "SubmissionReview",
]
