"""What the tests ask of the platform besides the protocol: its registration, a launch as somebody, its gradebook."""

from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model, login
from django.http import HttpRequest, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from lti_consumer import api
from lti_consumer.data import Lti1p3LaunchData
from lti_consumer.models import CourseAllowPIISharingInLTIFlag, LtiConfiguration
from opaque_keys.edx.keys import CourseKey
from platform_app import school
from platform_app.models import Grade


def _configuration() -> Any:
    return LtiConfiguration.objects.get(location=school.BLOCK_KEY)


def _shares_names() -> bool:
    return bool(api.get_lti_pii_sharing_state_for_course(CourseKey.from_string(school.COURSE_KEY)))


def _launch_data(username: str) -> Lti1p3LaunchData:
    """The facts of a launch, chosen as the block itself chooses them (``LtiConsumerXBlock.get_lti_1p3_launch_data``)."""
    person = school.person(username)
    named = _shares_names()
    return Lti1p3LaunchData(
        user_id=person.number,
        user_role=person.role,
        config_id=_configuration().config_id,
        resource_link_id=school.BLOCK_KEY,
        external_user_id=person.external_id,
        preferred_username=person.username if named else None,
        name=person.name if named else None,
        email=person.email if named else None,
        launch_presentation_document_target="iframe",
        context_id=school.COURSE_KEY,
        context_type=["course_offering"],
        context_title=f"{school.COURSE_TITLE} - Riverside",
        context_label=school.COURSE_KEY,
        custom_parameters={},
    )


def registration(_request: HttpRequest) -> JsonResponse:
    """What the course's author would copy from the block's settings into the tool, and the people of the course."""
    info = api.get_lti_1p3_launch_info(_launch_data("teacher"))
    return JsonResponse(
        {
            "issuer": settings.LTI_API_BASE,
            "client_id": info["client_id"],
            "deployment_id": info["deployment_id"],
            "auth_login_url": info["oidc_callback"],
            "token_url": info["token_url"],
            "jwks_url": info["keyset_url"],
            "context_id": school.COURSE_KEY,
            "resource_link_id": school.BLOCK_KEY,
            "people": {one.username: one.external_id for one in school.PEOPLE},
        }
    )


def launch(request: HttpRequest) -> JsonResponse:
    """Begin a launch as ``user``: the address of the tool's login that the person's browser would be sent to.

    ``kind`` is ``resource-link``, ``deep-linking``, or ``content``: what deep linking has put into the block.
    """
    username = request.GET["user"]
    if request.GET.get("kind") == "content":
        return JsonResponse({"login": api.get_lti_1p3_content_url(_launch_data(username))})
    deep = request.GET.get("kind") == "deep-linking"
    address = api.get_lti_1p3_launch_start_url(_launch_data(username), deep_link_launch=deep)
    return JsonResponse({"login": address})


def sign_in(request: HttpRequest) -> JsonResponse:
    """Sign the browser in as ``user``: the platform takes an answer to deep linking from course staff alone."""
    login(
        request, get_user_model().objects.get(username=request.GET["user"]), "django.contrib.auth.backends.ModelBackend"
    )
    return JsonResponse({"user": request.user.username})


def picked(request: HttpRequest) -> JsonResponse:
    """What deep linking has put into the block; with ``forget``, nothing from now on."""
    items = _configuration().ltidlcontentitem_set
    if "forget" in request.GET:
        items.all().delete()
    return JsonResponse({"items": [{"type": one.content_type, **one.attributes} for one in items.all()]})


def gradebook(_request: HttpRequest) -> JsonResponse:
    """The course's gradebook: points and comment of each student who has a grade."""
    return JsonResponse(
        {
            grade.user.username: {"earned": grade.earned, "possible": grade.possible, "comment": grade.comment}
            for grade in Grade.objects.select_related("user")
        }
    )


@csrf_exempt
def privacy(request: HttpRequest) -> JsonResponse:
    """Set whether the course tells tools names and addresses (``share`` is ``yes`` or ``no``)."""
    share = request.POST["share"] == "yes"
    CourseAllowPIISharingInLTIFlag.objects.create(course_id=CourseKey.from_string(school.COURSE_KEY), enabled=share)
    return JsonResponse({"share": share})
