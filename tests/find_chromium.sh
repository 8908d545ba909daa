#!/usr/bin/env bash
# Prints the path of the Chromium that the browser tests drive; with --install, fetches Debian's where there is none, and the
# headless shell beside it: most pages are looked at in that, for a third of the work. Without it, the browser does everything.
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

find_shell() {
  [ -n "${LTI_TOOL_CHROMIUM:-}" ] || command -v chromium-headless-shell >/dev/null
}

install() {
  local run=""
  [ "$(id -u)" = 0 ] || run="sudo"
  $run apt-get update -qq >&2
  DEBIAN_FRONTEND=noninteractive $run apt-get install -y -qq "$@" >&2
}

if [ "${1:-}" = "--install" ] && command -v apt-get >/dev/null; then
  if ! find_one >/dev/null; then
    install chromium chromium-headless-shell || install chromium || true
  elif ! find_shell; then
    install chromium-headless-shell >/dev/null 2>&1 || echo "chromium-headless-shell is not to be had; the tests take longer without" >&2
  fi
fi
find_one && exit 0
echo "The browser tests need Chromium: install it, or name one with LTI_TOOL_CHROMIUM=/path/to/chrome" >&2
exit 1
