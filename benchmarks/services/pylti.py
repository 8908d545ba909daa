"""PyLTI1p3's clients, run once as a process of its own in its environment; prints seconds and CPU seconds as JSON.

``--anew`` makes the service object for each score, as ``launch.get_ags()`` does in each request of a web application;
otherwise one is kept for all. Both ways are the library's own; it keeps a token for as long as the object lives.
"""

import argparse
import json
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timezone
from pathlib import Path

from pylti1p3.assignments_grades import AssignmentsGradesService
from pylti1p3.grade import Grade
from pylti1p3.names_roles import NamesRolesProvisioningService
from pylti1p3.registration import Registration
from pylti1p3.service_connector import ServiceConnector

AGS = "https://purl.imsglobal.org/spec/lti-ags/scope/"
SCOPES = [AGS + "lineitem", AGS + "result.readonly", AGS + "score"]


def service(registration: Registration, base: str) -> AssignmentsGradesService:
    """What ``get_ags()`` returns for a launch."""
    claim = {"scope": SCOPES, "lineitems": f"{base}/items", "lineitem": f"{base}/items/1"}
    return AssignmentsGradesService(ServiceConnector(registration), claim)


def score(number: int) -> Grade:
    """The same score as ours."""
    grade = Grade().set_user_id(str(number)).set_score_given(number % 100).set_score_maximum(100)
    grade.set_timestamp(datetime.now(timezone.utc).isoformat()).set_activity_progress("Completed")  # noqa: UP017
    return grade.set_grading_progress("FullyGraded").set_comment("3 of 4 steps are done")


def main() -> None:
    """Read the arguments and measure."""
    parser = argparse.ArgumentParser()
    parser.add_argument("what", choices=["scores", "roster"])
    parser.add_argument("base")
    parser.add_argument("--key", type=Path, required=True)
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--at-once", type=int, default=16)
    parser.add_argument("--anew", action="store_true")
    given = parser.parse_args()
    registration = Registration()
    registration.set_client_id("1").set_auth_token_url(f"{given.base}/token")
    registration.set_tool_private_key(given.key.read_text())
    began, cpu = time.perf_counter(), time.process_time()
    if given.what == "scores":
        kept = service(registration, given.base)

        def send(number: int) -> None:
            (service(registration, given.base) if given.anew else kept).put_grade(score(number))

        with ThreadPoolExecutor(given.at_once) as threads:
            done = len(list(threads.map(send, range(given.count))))
    else:
        claim = {"context_memberships_url": f"{given.base}/members", "service_versions": ["2.0"]}
        done = len(NamesRolesProvisioningService(ServiceConnector(registration), claim).get_members())
    print(json.dumps({"done": done, "seconds": time.perf_counter() - began, "cpu": time.process_time() - cpu}))


if __name__ == "__main__":
    main()
