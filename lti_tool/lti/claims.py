"""The addresses of LTI 1.3: claims, message types, roles, scopes and media types, each written once.

Sources: LTI Core 1.3 §5, LTI Deep Linking 2.0 §4, Assignment and Grade Services 2.0 §3, Names and Role Provisioning
Services 2.0 §3, LTI Submission Review 1.0 §3, Course Groups 1.0 §3, Platform Notification Service 1.0 §3.
"""

VERSION_1_3 = "1.3.0"

_LTI = "https://purl.imsglobal.org/spec/lti/claim/"
_DEEP_LINKING = "https://purl.imsglobal.org/spec/lti-dl/claim/"
_AGS = "https://purl.imsglobal.org/spec/lti-ags/"
_NRPS = "https://purl.imsglobal.org/spec/lti-nrps/"
_GROUPS = "https://purl.imsglobal.org/spec/lti-gs/"

MESSAGE_TYPE = _LTI + "message_type"
VERSION = _LTI + "version"
DEPLOYMENT_ID = _LTI + "deployment_id"
TARGET_LINK_URI = _LTI + "target_link_uri"
ROLES = _LTI + "roles"
CONTEXT = _LTI + "context"
RESOURCE_LINK = _LTI + "resource_link"
CUSTOM = _LTI + "custom"
LAUNCH_PRESENTATION = _LTI + "launch_presentation"
TOOL_PLATFORM = _LTI + "tool_platform"
ROLE_SCOPE_MENTOR = _LTI + "role_scope_mentor"
FOR_USER = _LTI + "for_user"
AGS_ENDPOINT = _AGS + "claim/endpoint"
NAMES_ROLE_SERVICE = _NRPS + "claim/namesroleservice"
GROUPS_SERVICE = _GROUPS + "claim/groupsservice"
NOTIFICATION_SERVICE = _LTI + "platformnotificationservice"
DEEP_LINKING_SETTINGS = _DEEP_LINKING + "deep_linking_settings"
CONTENT_ITEMS = _DEEP_LINKING + "content_items"
DEEP_LINKING_DATA = _DEEP_LINKING + "data"
DEEP_LINKING_MSG = _DEEP_LINKING + "msg"
DEEP_LINKING_LOG = _DEEP_LINKING + "log"
DEEP_LINKING_ERRORMSG = _DEEP_LINKING + "errormsg"
DEEP_LINKING_ERRORLOG = _DEEP_LINKING + "errorlog"

RESOURCE_LINK_REQUEST = "LtiResourceLinkRequest"
DEEP_LINKING_REQUEST = "LtiDeepLinkingRequest"
DEEP_LINKING_RESPONSE = "LtiDeepLinkingResponse"
SUBMISSION_REVIEW_REQUEST = "LtiSubmissionReviewRequest"

LINE_ITEM_SCOPE = _AGS + "scope/lineitem"
LINE_ITEM_READ_SCOPE = _AGS + "scope/lineitem.readonly"
RESULT_READ_SCOPE = _AGS + "scope/result.readonly"
SCORE_SCOPE = _AGS + "scope/score"
MEMBERSHIP_READ_SCOPE = _NRPS + "scope/contextmembership.readonly"
GROUP_READ_SCOPE = _GROUPS + "scope/contextgroup.readonly"
NOTICE_HANDLERS_SCOPE = "https://purl.imsglobal.org/spec/lti/scope/noticehandlers"

LINE_ITEM_MEDIA = "application/vnd.ims.lis.v2.lineitem+json"
LINE_ITEMS_MEDIA = "application/vnd.ims.lis.v2.lineitemcontainer+json"
SCORE_MEDIA = "application/vnd.ims.lis.v1.score+json"
RESULTS_MEDIA = "application/vnd.ims.lis.v2.resultcontainer+json"
MEMBERS_MEDIA = "application/vnd.ims.lti-nrps.v2.membershipcontainer+json"
GROUPS_MEDIA = "application/vnd.ims.lti-gs.v1.contextgroupcontainer+json"

ROLE_VOCABULARY = "http://purl.imsglobal.org/vocab/lis/v2/"
