#!/usr/bin/env bash
# Measures a first run as a new user has it: a fresh clone of HEAD, empty cache folders, no Go on PATH.
# The last line is JSON with the seconds of each step. A step that failed, or did not start, is null.
set -uo pipefail
repository=$(cd "$(dirname "$0")/../.." && pwd)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

export XDG_CACHE_HOME=$folder/cache TEMPORAL_VERTEX_EXPORT_CACHE=$folder/cache/components
export npm_config_cache=$folder/cache/npm PIP_CACHE_DIR=$folder/cache/pip
unset TEMPORAL_CLI_PATH TEMPORAL_CLI_VERSION FAKE_GCS_SERVER_PATH OCI_REGISTRY_PATH

path=
IFS=: read -ra folders <<<"$PATH"
for one in "${folders[@]}"; do
  [ -x "$one/go" ] || path=$path${path:+:}$one
done
export PATH=$path

began=$(date +%s%N)
seconds=null npmCi=null build=null components=null demo=null failed=0

# Runs a step, and keeps its duration in the variable of its name.
step() {
  local name=$1 start
  shift
  [ "$failed" = 0 ] || return
  echo "== $name: $*" >&2
  start=$(date +%s%N)
  if "$@" >&2; then
    printf -v "$name" '%s' "$(elapsed "$start")"
  else
    failed=1
    echo "== $name failed" >&2
  fi
}

elapsed() {
  local ms=$((($(date +%s%N) - $1) / 1000000))
  printf '%d.%d' $((ms / 1000)) $((ms % 1000 / 100))
}

git clone --quiet "$repository" "$folder/clone" || exit 1
cd "$folder/clone" || exit 1
step npmCi npm ci --no-audit --no-fund
step build npm run build --silent
step components npx tsx dev/scripts/find-components.ts
step demo npm run demo
[ "$failed" = 1 ] || seconds=$(elapsed "$began")
echo "{\"seconds\":$seconds,\"npmCi\":$npmCi,\"build\":$build,\"components\":$components,\"demo\":$demo}"
exit "$failed"
