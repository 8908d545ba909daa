"""The other side: a tool on PyLTI1p3's Flask adapter, written as its documentation and example do.

Runs in ``.venv-bench`` under gunicorn with one worker. Launch data lie in Flask-Caching's in-memory cache, the example's
own choice, so that a restart loses them; or in its files (``BENCH_STORE=files``), which outlive the process. The
platform's key set stands in the configuration, or is fetched from its address on every launch, which is what the adapter
does when it is given an address (``BENCH_KEY_SET=address``).
"""

import json
import os

from flask import Flask, redirect
from flask_caching import Cache
from pylti1p3.contrib.flask import FlaskCacheDataStorage, FlaskMessageLaunch, FlaskOIDCLogin, FlaskRequest
from pylti1p3.tool_config import ToolConfDict

PLATFORM = json.loads(os.environ["BENCH_PLATFORM"])
app = Flask(__name__)
app.secret_key = "only for signing Flask's own session cookie"
store = "FileSystemCache" if os.environ["BENCH_STORE"] == "files" else "SimpleCache"
cache = Cache(
    app,
    config={
        "CACHE_TYPE": store,
        "CACHE_DIR": os.environ["BENCH_FOLDER"],
        "CACHE_DEFAULT_TIMEOUT": 600,
        "CACHE_THRESHOLD": 1_000_000,
    },
)
configuration = ToolConfDict(
    {
        PLATFORM["issuer"]: [
            {
                "default": True,
                "client_id": PLATFORM["client_id"],
                "auth_login_url": PLATFORM["auth_login_url"],
                "auth_token_url": PLATFORM["token_url"],
                "auth_audience": None,
                "key_set_url": PLATFORM["jwks_url"],
                "key_set": PLATFORM["key_set"] if os.environ["BENCH_KEY_SET"] == "given" else None,
                "deployment_ids": [PLATFORM["deployment_id"]],
            }
        ]
    }
)


@app.route("/lti/login", methods=["GET", "POST"])
def login():
    """Answers the login with a redirect to the platform."""
    request = FlaskRequest()
    target = request.get_param("target_link_uri")
    return FlaskOIDCLogin(request, configuration, launch_data_storage=FlaskCacheDataStorage(cache)).redirect(target)


@app.route("/lti/launch", methods=["POST"])
def launch():
    """Verifies the message, keeps its data for the session, and leads into the course."""
    message = FlaskMessageLaunch(FlaskRequest(), configuration, launch_data_storage=FlaskCacheDataStorage(cache))
    message.get_launch_data()
    return redirect(f"/course/{message.get_launch_id()}", code=303)


@app.route("/health/live")
def live():
    """The cheapest request there is, to show what the server itself costs."""
    return "ok"
