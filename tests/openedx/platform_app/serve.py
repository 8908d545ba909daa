"""Starts the platform: ``python -m platform_app.serve --port 8101 --tool http://127.0.0.1:8000 --folder /tmp/x``.

Prints ``ready`` on standard output once it answers. SQLite in the given folder; ends with its standard input, so that
it never outlives the test that started it.
"""

import argparse
import os
import sys
import threading
from pathlib import Path
from socketserver import ThreadingMixIn
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True
    request_queue_size = 128


class _Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (the parent names it so)
        """Requests are not logged; what goes wrong is, by Django."""


def _fill(tool: str) -> None:
    """Make the tables, the people and the block's configuration, as its author would have in Studio."""
    from django.contrib.auth import get_user_model
    from django.core.management import call_command
    from lti_consumer.models import CourseAllowPIISharingInLTIFlag, Lti1p3Passport, LtiConfiguration
    from opaque_keys.edx.keys import CourseKey
    from platform_app import school
    from platform_app.models import Profile

    call_command("migrate", run_syncdb=True, verbosity=0)
    for one in school.PEOPLE:
        user = get_user_model().objects.create(id=one.number, username=one.username, email=one.email)
        Profile.objects.create(user=user, name=one.name)
    passport = Lti1p3Passport.objects.create(
        name="Playlists", lti_1p3_client_id=school.CLIENT_ID, lti_1p3_tool_keyset_url=f"{tool}/.well-known/jwks.json"
    )
    LtiConfiguration.objects.create(
        version=LtiConfiguration.LTI_1P3,
        config_store=LtiConfiguration.CONFIG_ON_DB,
        location=school.BLOCK_KEY,
        lti_1p3_passport=passport,
        lti_1p3_oidc_url=f"{tool}/lti/login",
        lti_1p3_launch_url=f"{tool}/lti/launch",
        lti_advantage_ags_mode=LtiConfiguration.LTI_ADVANTAGE_AGS_PROGRAMMATIC,
        lti_advantage_enable_nrps=True,
        lti_advantage_deep_linking_enabled=True,
        lti_advantage_deep_linking_launch_url=f"{tool}/lti/launch",
    )
    CourseAllowPIISharingInLTIFlag.objects.create(course_id=CourseKey.from_string(school.COURSE_KEY), enabled=True)


def _end_with_parent() -> None:
    sys.stdin.read()
    os._exit(0)


def main() -> None:
    """Read the arguments, fill the database, serve until the standard input closes."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--tool", required=True)
    parser.add_argument("--folder", type=Path, required=True)
    given = parser.parse_args()
    os.environ["OPENEDX_URL"] = f"http://127.0.0.1:{given.port}"
    os.environ["OPENEDX_TOOL_URL"] = given.tool
    os.environ["OPENEDX_DATABASE"] = str(given.folder / "openedx.db")
    os.environ["DJANGO_SETTINGS_MODULE"] = "platform_app.settings"

    from platform_app import stubs

    stubs.install()
    import django

    django.setup()
    _fill(given.tool)
    from django.core.wsgi import get_wsgi_application

    threading.Thread(target=_end_with_parent, daemon=True).start()
    with make_server("127.0.0.1", given.port, get_wsgi_application(), _Server, _Quiet) as server:
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        server.serve_forever()


if __name__ == "__main__":
    main()
