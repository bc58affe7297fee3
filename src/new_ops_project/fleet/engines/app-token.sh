#!/usr/bin/env bash
# Print a token of a GitHub App, for an hour and for what its argument grants: app-token.sh '{"contents": "read"}'
#
# APP_ID is the App's (or its client ID), APP_KEY its private key (PEM), APP_OWNER who installed it. As GitHub
# documents it under "Generating an installation access token for a GitHub App"; no secret is in an argument.
set -euo pipefail

api=${GITHUB_API_URL:-https://api.github.com}

encode() {
  openssl base64 -A | tr '+/' '-_' | tr -d '='
}

call() {
  curl --silent --show-error --fail-with-body --retry 3 --max-time 30 \
    --header @<(printf 'Authorization: Bearer %s\n' "$jwt") \
    --header 'Accept: application/vnd.github+json' "$@"
}

now=$(date +%s)
header=$(printf '{"alg":"RS256","typ":"JWT"}' | encode)
claims=$(jq -cjn --arg app "$APP_ID" --argjson now "$now" '{iat: ($now - 60), exp: ($now + 540), iss: $app}' | encode)
signature=$(printf '%s' "$header.$claims" | openssl dgst -sha256 -binary -sign <(printf '%s\n' "$APP_KEY") | encode)
jwt="$header.$claims.$signature"

installed=$(call "$api/orgs/$APP_OWNER/installation" || call "$api/users/$APP_OWNER/installation") || {
  echo "The App $APP_ID is not installed for $APP_OWNER, or its key is not right: $installed" >&2
  exit 1
}
installation=$(printf '%s' "$installed" | jq -er 'select(.id).id')
jq -cn --argjson permissions "$1" '{permissions: $permissions}' |
  call --header 'Content-Type: application/json' --data @- "$api/app/installations/$installation/access_tokens" | jq -er .token
