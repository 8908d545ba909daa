"""``python -m lti_tool`` is the ``lti-tool`` command."""

from lti_tool.cli import main

if __name__ == "__main__":
    main()
