"""Letting the tool into an LMS's own API: what its administrator does there, step by step.

What is said is a message id. Menu names stand between asterisks and stay as the LMS has them: the English ones of Canvas 2026,
Moodle 4.5 and Schoology. The values to paste are the console's business; a step says *the redirect URI below* and the like.
"""

from collections.abc import Mapping

from lti_tool.lti.models import Family
from lti_tool.web.i18n import N_

BY_KEY: Mapping[Family, tuple[str, ...]] = {
    Family.CANVAS: (
        N_(
            "In Canvas, as an administrator of the root account: *Admin*, the account, *Developer Keys*, *+ Developer Key*, "
            "*+ API Key*."
        ),
        N_(
            "Name it after this tool, and enter the *Redirect URIs* from below. It is another key than the one of the LTI tool."
        ),
        N_("Switch *Enforce Scopes* on, tick *Allow Include Parameters*, and tick each scope of the list below."),
        N_("*Save*, then set the key's *State* to *On*."),
        N_(
            "In the column *Details* of the list stands the key's id, a long number; *Show Key* shows its secret. Enter both in "
            "the form below."
        ),
    ),
    Family.SCHOOLOGY: (
        N_(
            "Either the key of the app that you made for this tool: *app.schoology.com/apps/publisher*, the app, *Options*, *API "
            "Info*. With it teachers can be asked, and an app for your own school needs no review."
        ),
        N_("Or the school's key, as a system administrator: *Tools*, *School Management*, *Integration*, *API*."),
        N_(
            "Copy the key and its secret. Treat them as a password. A key that a person got for themselves does not do."
        ),
    ),
}
"""How an application's key is made."""

BY_TOKEN: Mapping[Family, tuple[str, ...]] = {
    Family.CANVAS: (
        N_(
            "In Canvas, make an account for this tool alone, and give it the role of a teacher in the courses concerned."
        ),
        N_("Signed in as that account: *Account*, *Settings*, *+ New Access Token*."),
        N_(
            "Canvas forbids asking teachers for such tokens, and a token may do whatever its account may. A key, with scopes, is "
            "the better way where you can make one."
        ),
    ),
    Family.MOODLE: (
        N_("In Moodle: *Site administration*, *General*, *Advanced features*: tick *Enable web services*."),
        N_("*Server*, *Web services*, *Manage protocols*: switch *REST protocol* on."),
        N_(
            "*Users*, *Add a new user*: an account for this tool alone. *Define roles*: a role with the rights of the list "
            "below and no others; assign it to the account in the course categories concerned. Never a person's account."
        ),
        N_(
            "*Server*, *Web services*, *External services*, *Add*: name it after this tool, tick *Enabled* and *Authorised users "
            "only*. *Add functions*: those of the list below. *Authorised users*: the account."
        ),
        N_(
            "*Server*, *Web services*, *Manage tokens*, *Create token*: the account, the service. Enter the token in the form "
            "below."
        ),
    ),
}
"""How a token is made that an administrator enters."""
