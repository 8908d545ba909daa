"""The platform's services, as other rooms use them: one import for the clients, their values and their errors."""

from lti_tool.lti.ags import AgsClient, LineItemData, ResultData, ScoreData
from lti_tool.lti.nrps import Member, MemberStatus, NrpsClient
from lti_tool.lti.protocol import Protocol
from lti_tool.lti.quirks import Call, ServiceQuirks
from lti_tool.lti.trouble import ServiceRefused, ServiceUnreachable

__all__ = [
    "AgsClient",
    "Call",
    "LineItemData",
    "Member",
    "MemberStatus",
    "NrpsClient",
    "Protocol",
    "ResultData",
    "ScoreData",
    "ServiceQuirks",
    "ServiceRefused",
    "ServiceUnreachable",
]
