"""Django's settings: only what the consumer needs. The process is told its place by OPENEDX_* variables."""

import os

LMS_ROOT_URL = os.environ["OPENEDX_URL"]  # The issuer, and the root of every address handed to the tool.
LTI_BASE = LTI_API_BASE = LMS_ROOT_URL
TOOL_URL = os.environ["OPENEDX_TOOL_URL"]
PLATFORM_NAME = "Riverside Open edX"
LEARNING_MICROFRONTEND_URL = LMS_ROOT_URL
USAGE_ID_PATTERN = r"(?P<usage_id>(?:i4x://?[^/]+/[^/]+/[^/]+/[^@]+(?:@[^/]+)?)|(?:[^/]+))"  # edx-platform's own.
USE_TZ = True
OPENEDX_TELEMETRY: list[str] = []
SECRET_KEY = "a test platform on loopback holds no secrets, but Django wants a key"
DEBUG = False
ALLOWED_HOSTS = ["127.0.0.1", "localhost"]
ROOT_URLCONF = "platform_app.urls"
INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sessions",
    "rest_framework",
    "django_filters",
    "config_models",
    "lti_consumer",
    "platform_app",
]
MIDDLEWARE = [
    "edx_django_utils.cache.middleware.RequestCacheMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "edx_django_utils.cache.middleware.TieredCacheMiddleware",
]
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": os.environ["OPENEDX_DATABASE"],
        "OPTIONS": {"timeout": 20, "transaction_mode": "IMMEDIATE"},
    }
}
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {"context_processors": ["django.template.context_processors.request"]},
    }
]
DEFAULT_AUTO_FIELD = "django.db.models.AutoField"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"stderr": {"class": "logging.StreamHandler"}},
    "root": {"handlers": ["stderr"], "level": "WARNING"},
}
