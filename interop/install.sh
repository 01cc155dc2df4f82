#!/usr/bin/env bash
#
# Installs what the tests under the build tag interop talk to, as far as it is
# missing: Debian packages, for which it has to be root, and the npm packages
# of package-lock.json, which stay in this directory.

set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

missing=()

# want notes a Debian package unless the test that it is there succeeds.
want() {
	local package=$1
	shift
	if ! "$@" >/dev/null 2>&1; then missing+=("$package"); fi
}

want nodejs command -v node
want npm command -v npm
want curl test -x /usr/bin/curl
want nginx-light test -x /usr/sbin/nginx
want chromium test -x /usr/bin/chromium
# Debian's package belongs to Debian's Python.
want python3-websockets /usr/bin/python3 -c 'import websockets'

if [ ${#missing[@]} -gt 0 ]; then
	echo "missing: ${missing[*]}"
	if ! command -v apt-get >/dev/null; then
		echo "There is no apt-get: install them in your system's own way." >&2
		exit 1
	fi
	apt-get update -qq
	DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}"
fi

# The copy of the lock file says for which one node_modules was made.
if ! cmp -s package-lock.json node_modules/.made-for; then
	npm ci --ignore-scripts --no-audit --no-fund
	cp package-lock.json node_modules/.made-for
fi

echo "node $(node --version), $(/usr/bin/python3 -c 'import websockets as w; print("websockets", w.__version__)')"
/usr/bin/curl --version | sed -n 1p
/usr/sbin/nginx -v
/usr/bin/chromium --version 2>/dev/null
