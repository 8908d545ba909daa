#!/usr/bin/env bash
# Prints the path of the Chromium that the browser tests drive; with --install, fetches Debian's where there is none.
set -euo pipefail

find_one() {
  local name
  for name in "${LTI_TOOL_CHROMIUM:-}" chromium chromium-browser google-chrome google-chrome-stable; do
    if [ -n "$name" ] && command -v "$name"; then
      return 0
    fi
  done
  return 1
}

find_one && exit 0
if [ "${1:-}" = "--install" ] && command -v apt-get >/dev/null; then
  run=""
  [ "$(id -u)" = 0 ] || run="sudo"
  $run apt-get update -qq >&2
  DEBIAN_FRONTEND=noninteractive $run apt-get install -y -qq chromium >&2
  find_one && exit 0
fi
echo "The browser tests need Chromium: install it, or name one with LTI_TOOL_CHROMIUM=/path/to/chrome" >&2
exit 1
