"""A Django project around ``lti-consumer-xblock``: one course, one block, a few people; no edx-platform.

It runs in an environment of its own (``.venv-openedx``) and is reached over HTTP only. ``lti-consumer-xblock`` is
AGPL-3.0 and is never imported by the tool, packed with it or installed beside it.
"""
