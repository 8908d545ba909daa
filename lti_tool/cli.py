"""The ``lti-tool`` command."""


def main() -> None:
    """Entry point."""
