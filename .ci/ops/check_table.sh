#!/usr/bin/env bash
# ops/check-table on the embedded engine, through the real AWS CLI: a table that fits together, then one in which a node is missing.
set -euo pipefail
cd "$(dirname "$0")/../.."

cargo build --quiet --package local
work=$(mktemp -d)
"${CARGO_TARGET_DIR:-target}/debug/local" --listen 127.0.0.1:0 >"$work/out" 2>"$work/log" &
server=$!
trap 'kill "$server"; rm -rf "$work"' EXIT
url=
for _ in $(seq 100); do
    url=$(sed -n 's/^ready on //p' "$work/out")
    [ -z "$url" ] || break
    sleep 0.1
done
[ -n "$url" ] || { cat "$work/log"; exit 1; }

AWS_ENDPOINT_URL_DYNAMODB=$(sed -n 's/^table on //p' "$work/out")
export AWS_ENDPOINT_URL_DYNAMODB AWS_REGION=ap-northeast-1 AWS_DEFAULT_REGION=ap-northeast-1 AWS_ACCESS_KEY_ID=none AWS_SECRET_ACCESS_KEY=none
export PATH=$PWD/target/tools/awscli/bin:$PATH
table=imageflux-option

login='{"email": "imageflux@example.com", "password": "Password123", "access_code": "0987654321"}'
token=$(curl -fsS "$url/api/login" -H 'Content-Type: application/json' -d "$login" | jq -re .token)
for day in 1 2 3; do
    curl -fsS "$url/api/schedule" -H "Authorization: Bearer $token" -H 'Content-Type: application/json' -o /dev/null -d '{"name": "check",
        "start_datetime": "2099/01/0'$day' 12:00:00", "end_datetime": "2099/01/0'$day' 13:00:00",
        "imageflux_params": [{"durationSeconds": 1, "startTimeOffset": -2, "audio": {"bps": 64000}}]}'
done
ops/check-table "$table"

tenant=$(aws dynamodb query --table-name "$table" --key-condition-expression 'PK = :p' --expression-attribute-values '{":p": {"S": "TENANTS"}}' --query 'Items[0].SK.S' --output text)
# 12:00 in Tokyo
aws dynamodb delete-item --table-name "$table" --key "{\"PK\": {\"S\": \"CAL#$tenant\"}, \"SK\": {\"S\": \"2099-01-02T03:00:00Z\"}}"
if said=$(ops/check-table "$table"); then
    echo "a node is missing, and ops/check-table notices nothing"
    exit 1
fi
echo "$said"
[ "$(wc -l <<<"$said")" = 2 ] || { echo 'expected: what leads to the node, and what it was for'; exit 1; }
