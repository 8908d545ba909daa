"""The consumer's addresses where edx-platform has them, and the few that the tests use to act as somebody."""

from django.urls import include, path
from platform_app import views

urlpatterns = [
    path("api/", include("lti_consumer.plugin.urls", namespace="lti_consumer")),
    path("harness/registration", views.registration),
    path("harness/launch", views.launch),
    path("harness/sign-in", views.sign_in),
    path("harness/picked", views.picked),
    path("harness/gradebook", views.gradebook),
    path("harness/privacy", views.privacy),
]
