"""The sandbox LMS alone, in a process of its own: ``python -m tests.processes.run_sandbox PORT FOLDER``."""

import sys
from pathlib import Path

import uvicorn

from lti_tool.sandbox.app import create_sandbox
from lti_tool.sandbox.settings import SandboxSettings

if __name__ == "__main__":
    port, folder = int(sys.argv[1]), Path(sys.argv[2])
    app = create_sandbox(SandboxSettings(base_url=f"http://127.0.0.1:{port}", folder=folder))
    uvicorn.run(app, host="127.0.0.1", port=port, access_log=False, log_level="warning")
