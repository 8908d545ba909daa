"""The database: engine, transactions and column types. Nothing here knows what a student is."""

# The metadata with our naming convention has to be in place before the first table is defined.
from lti_tool.db import base as base
