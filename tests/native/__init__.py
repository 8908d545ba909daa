"""What every LMS's connector keeps, asked of each: by recorded answers, by the sandbox LMS, and by a real server.

``contract.py`` has the questions. A module per LMS has the cases: a connector and a course of which it is known what is in it.
"""

import pytest

pytest.register_assert_rewrite("tests.native.contract")
