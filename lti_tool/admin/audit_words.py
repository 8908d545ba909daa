"""What the audit log says, in words: actions, groups of them, and who is no person. Message ids throughout."""

from lti_tool.web.i18n import N_

ACTION_WORDS = {
    "launch.refused": N_("A launch was refused"),
    "registration.made": N_("A platform was connected"),
    "registration.renewed": N_("A platform's connection was renewed"),
    "registration.refused": N_("A registration by link was refused"),
    "registration.changed": N_("A platform's settings were changed"),
    "registration.enabled": N_("A platform was switched on"),
    "registration.disabled": N_("A platform was switched off"),
    "registration.removed": N_("A platform was removed with everything launched from it"),
    "registration.role-set": N_("A role was given another meaning"),
    "registration.role-restored": N_("A role means what it usually does again"),
    "registration.frame-added": N_("An address may show the tool inside its pages"),
    "registration.frame-removed": N_("An address may no longer show the tool inside its pages"),
    "deployment.accepted": N_("An installation was allowed"),
    "deployment.held": N_("An installation was put on hold"),
    "invite.made": N_("A registration link was made"),
    "invite.revoked": N_("A registration link was taken back"),
    "invite.used": N_("A registration link was used"),
    "organisation.added": N_("An organisation was added"),
    "organisation.renamed": N_("An organisation was renamed"),
    "organisation.predictions-shared": N_("Predictions may begin from other courses of the organisation"),
    "organisation.predictions-kept-apart": N_("Predictions no longer begin from other courses of the organisation"),
    "organisation.levels-changed": N_("The levels of an organisation's courses were chosen"),
    "roster.read": N_("The people of a course were read from the LMS"),
    "roster.looked-at": N_("The people of a course were looked at to check the connection"),
    "students.listed": N_("The students of a course were listed to choose one for a check"),
    "student.viewed": N_("A student's work was looked at"),
    "student.evidence-viewed": N_("The evidence behind a student's levels was looked at"),
    "students.mastery-viewed": N_("Students' evidence in a competency was looked at"),
    "student.note-written": N_("A note about a student was written"),
    "student.goal-set": N_("A goal was set with a student"),
    "student.note-removed": N_("A note about a student was taken away"),
    "playlist.assigned": N_("A playlist was assigned"),
    "playlist.archived": N_("A playlist was taken away"),
    "step.signed-off": N_("A step was signed off for a student"),
    "step.taken-back": N_("A step was given back to a student"),
    "evidence.imported": N_("Grades of a file became evidence"),
    "mastery.observed": N_("A teacher entered observations"),
    "mastery.overridden": N_("A teacher set a student's level"),
    "mastery.rule-changed": N_("How levels are decided was changed"),
    "mastery.voided": N_("Evidence was voided"),
    "map.picked": N_("Competencies were picked for a course's map"),
    "map.taken-out": N_("Competencies were taken out of a course's map"),
    "map.rules-changed": N_("How a course's levels are decided was changed"),
    "map.shared": N_("A course's own competencies were shared with the school"),
    "map.unshared": N_("A course's own competencies are no longer shared with the school"),
    "course.carried-over": N_("What an earlier course had was carried over"),
    "course.started-fresh": N_("A copied course started afresh"),
    "framework.imported": N_("A competency framework was imported"),
    "framework.updated": N_("A competency framework was updated from its source"),
    "notice.received": N_("A notice came from the LMS"),
    "scores.sent-again": N_("Scores were sent again"),
    "score.sent": N_("A score was sent to check the connection"),
    "column.made": N_("A gradebook column was made to check the connection"),
    "column.removed": N_("The gradebook column of a check was removed"),
    "key.made": N_("A signing key was made"),
    "key.retired": N_("A signing key was retired"),
    "owner.link-made": N_("A sign-in link for the owner was made"),
    "owner.signed-in": N_("The owner signed in"),
    "owner.signed-out": N_("The owner signed out"),
    "audit.viewed": N_("The audit log was looked at"),
    "audit.exported": N_("The audit log was downloaded"),
}
"""Every action that is recorded. One that is not here is shown as it is written."""

KINDS = {
    "launches": (N_("Launches"), ("launch",)),
    "connections": (
        N_("Platforms and organisations"),
        ("registration", "deployment", "invite", "organisation", "key", "notice"),
    ),
    "people": (N_("Looks at people"), ("roster", "student", "students")),
    "teaching": (
        N_("Playlists and grades"),
        ("playlist", "step", "scores", "score", "column", "course"),
    ),
    "mastery": (N_("Competencies and mastery"), ("map", "framework", "evidence", "mastery")),
    "console": (N_("Administration"), ("owner", "audit")),
}
"""What the log can be narrowed to: words, and what the actions begin with."""

ACTORS = {
    "owner": N_("Owner of this installation"),
    "command line": N_("Command line on the server"),
    "policy": N_("By itself, as the platform's settings say"),
    "invite": N_("A registration link"),
    "session": N_("An administrator whom the LMS does not name"),
    "person": N_("Somebody of this organisation"),
    "user": N_("A user of the LMS"),
}
"""Who acts and is no person, and how people are spoken of where their names are nobody's business."""

SUBJECTS = {
    "person": N_("a student"),
    "course": N_("a course"),
    "registration": N_("a platform that is gone"),
    "deployment": N_("an installation"),
    "invite": N_("a registration link"),
    "playlist": N_("a playlist"),
    "organisation": N_("an organisation"),
    "key": N_("a signing key"),
    "session": N_("a session"),
}
"""What something was done to, where it has no name, is gone, or is not told."""
