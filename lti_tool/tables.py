"""Every table, in one import: migrations and tests need all of them known before they look at the metadata."""

from sqlmodel import SQLModel

from lti_tool.audit import AuditEntry
from lti_tool.competencies.models import (
    Alignment,
    AlignmentDismissal,
    Competency,
    CompetencyLink,
    CourseMap,
    Framework,
    MapCompetency,
    MapPrerequisite,
    Scale,
)
from lti_tool.content.models import ApiConnection, ContentItem, ItemTrait, UploadDraft
from lti_tool.courses.models import (
    Course,
    CourseGroup,
    CourseGroupMember,
    CourseOrigin,
    Membership,
    Person,
    ResourceLink,
)
from lti_tool.db.organisation import Organisation
from lti_tool.grades.models import DeliveryPace, LineItem, Score, ScoreAttempt
from lti_tool.insight.models import LearnerNote
from lti_tool.jobs.models import PeriodicClaim
from lti_tool.learners.models import LearnerProfile, LearnerSupport
from lti_tool.lti.models import (
    ApiToken,
    DeepLinkingRequest,
    Deployment,
    OidcLogin,
    OwnerLink,
    OwnerSession,
    Registration,
    RegistrationInvite,
    ToolSession,
)
from lti_tool.mastery.models import (
    Difficulty,
    Evidence,
    FrozenCriterion,
    LearnerMastery,
    LearnerModification,
    MasteryState,
    PredictionVersion,
)
from lti_tool.playlists.models import (
    PersonalPlaylist,
    PersonalStep,
    Playlist,
    PlaylistAudience,
    PlaylistEdit,
    PlaylistSection,
    PlaylistStep,
    StepVariant,
    StepVariantLearner,
)
from lti_tool.playlists.path_models import CourseCalendar, PathRequest, PathRuling, PathWord

metadata = SQLModel.metadata

TABLES: tuple[type[SQLModel], ...] = (
    Organisation,
    PeriodicClaim,
    AuditEntry,
    Registration,
    Deployment,
    OidcLogin,
    RegistrationInvite,
    OwnerLink,
    OwnerSession,
    ToolSession,
    ApiToken,
    DeepLinkingRequest,
    Course,
    CourseOrigin,
    CourseGroup,
    CourseGroupMember,
    Person,
    Membership,
    ResourceLink,
    ContentItem,
    ItemTrait,
    ApiConnection,
    UploadDraft,
    Framework,
    Competency,
    CompetencyLink,
    Scale,
    CourseMap,
    MapCompetency,
    MapPrerequisite,
    Alignment,
    AlignmentDismissal,
    Evidence,
    FrozenCriterion,
    MasteryState,
    PredictionVersion,
    LearnerMastery,
    Difficulty,
    LearnerNote,
    LearnerProfile,
    LearnerSupport,
    LearnerModification,
    CourseCalendar,
    Playlist,
    PlaylistAudience,
    PlaylistEdit,
    PlaylistSection,
    PersonalPlaylist,
    PlaylistStep,
    StepVariant,
    StepVariantLearner,
    PersonalStep,
    PathRuling,
    PathRequest,
    PathWord,
    LineItem,
    Score,
    ScoreAttempt,
    DeliveryPace,
)
