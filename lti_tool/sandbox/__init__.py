"""The sandbox LMS: a small but complete LTI 1.3 platform, for the demo, for tests and for trying things out.

It shares nothing with the tool (an import test keeps it so) and talks to it over HTTP only. Two sides meet here.

*Protocol side*: ``app`` (the application), ``settings``, ``engine``, ``models``, ``store`` (its own SQLite file), ``sessions``
(who is signed in), ``oidc`` with ``claims``, ``token``, ``ags``, ``nrps``, ``canvas_api``, ``tools``, ``control``, ``behaviour``.

*Pages side*: ``pages`` (must offer ``set_up_pages(app: FastAPI) -> None``), ``loading``, ``quizzes``, templates and static files.

What they agree on:

- ``request.app.state.platform`` is a :class:`lti_tool.sandbox.platform.Platform`: settings, store, behaviour, now().
- ``sessions.sign_in(response, …)``, ``sessions.person_signed_in(request)``, ``sessions.sign_out(…)`` look after the cookies.
- ``oidc.launch_form(platform, …)`` gives the form that opens a tool; the page posts it into the tool's frame.
- ``gradebook.gradebook(session, course_id)`` gives columns × students; ``gradebook.record_submission(…)`` files a native result.
- Addresses of pages are Canvas's, since ``html_url`` in the REST API leads there: ``/courses/{course}``,
  ``/courses/{course}/modules/items/{item}``, ``/courses/{course}/pages/{slug}``, ``/courses/{course}/quizzes/{quiz}``,
  ``/courses/{course}/assignments/{assignment}``, ``/courses/{course}/discussion_topics/{discussion}``,
  ``/courses/{course}/files/{file}``, ``/courses/{course}/external_tools/{tool}``, ``/courses/{course}/grades``,
  ``/courses/{course}/users``, ``/login``.
"""
