# Sourced by every lever. A lever says what it will do, asks, and does it.
#
#   STACK        the stack, e.g. imageflux-option-prod
#   AWS_REGION   where it is
#   --yes        with any lever: do not ask
#
# shellcheck shell=bash
set -euo pipefail
export AWS_PAGER=''
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

# The comment at the head of a lever is its help.
usage() {
    sed -n '2,/^[^#]/{s/^# \{0,1\}//p;}' "$0" >&2
    exit 2
}

stop() {
    printf '%s: %s\n' "${0##*/}" "$1" >&2
    exit 1
}

# Takes --yes, --at-once and --help out of the arguments; the others are in `given`.
given=() yes='' at_once=''
options() {
    local argument
    for argument in "$@"; do
        case $argument in
            --yes) yes=1 ;;
            --at-once) at_once=1 ;;
            -h | --help) usage ;;
            *) given+=("$argument") ;;
        esac
    done
    [ -n "${STACK:-}" ] || stop 'STACK is not set, e.g. export STACK=imageflux-option-prod'
    [ -n "${AWS_REGION:-}" ] || stop 'AWS_REGION is not set, e.g. export AWS_REGION=ap-northeast-1'
    export AWS_DEFAULT_REGION=$AWS_REGION
}

ask() {
    printf '%s\n' "$@"
    [ -z "$yes" ] || return 0
    local answer=''
    read -r -p "Do it, in $STACK? [y/N] " answer || true
    [ "$answer" = y ] || stop 'nothing was done'
}

# What a function is called in AWS. Refuses what is no function of ours.
function_name() {
    [ -d "$here/../functions/$1" ] || stop "there is no function $1: $(functions | xargs)"
    printf '%s-%s' "$STACK" "$1"
}

functions() {
    local folder
    for folder in "$here"/../functions/*/; do basename "$folder"; done
}

output() {
    aws cloudformation describe-stacks --stack-name "$STACK" --query "Stacks[0].Outputs[?OutputKey=='$1'].OutputValue" --output text
}

# `Name<tab>value`, a line for each parameter of the stack.
stack_parameters() {
    aws cloudformation describe-stacks --stack-name "$STACK" --query 'Stacks[0].Parameters[].[ParameterKey, ParameterValue]' --output text
}

# The value of one parameter of the stack.
parameter() {
    stack_parameters | awk -F '\t' -v name="$1" '$1 == name { print $2 }'
}

timestamp() { date -u +%Y%m%dT%H%M%S; }

# The JSON that `--parameters` takes: each name of standard input (`Name<tab>anything`) keeps its value, but for those given as Name=value.
parameters_json() {
    local name rest change changed separator='['
    while IFS=$'\t' read -r name rest; do
        changed=''
        for change in "$@"; do
            [ "${change%%=*}" = "$name" ] && changed=$change
        done
        printf '%s{"ParameterKey": "%s", ' "$separator" "$name"
        if [ -n "$changed" ]; then
            printf '"ParameterValue": "%s"}' "$(printf %s "${changed#*=}" | sed 's/[\\"]/\\&/g')"
        else
            printf '"UsePreviousValue": true}'
        fi
        separator=', '
    done
    printf ']\n'
}

# Updates the stack with the template that it has.
update_stack() {
    aws cloudformation update-stack --stack-name "$STACK" --use-previous-template \
        --capabilities CAPABILITY_IAM CAPABILITY_AUTO_EXPAND --parameters "$(stack_parameters | parameters_json "$@")" >/dev/null
    aws cloudformation wait stack-update-complete --stack-name "$STACK"
}

# Invokes `tenant`, shows what it answers, and fails when it failed.
operator() {
    local answer failed
    answer=$(mktemp)
    failed=$(aws lambda invoke --function-name "$STACK-tenant:live" --cli-binary-format raw-in-base64-out --payload "$1" --query FunctionError --output text "$answer")
    cat "$answer"
    echo
    rm -f "$answer"
    [ "$failed" = None ] || stop "tenant: $failed"
}

# The tenants, page by page, one a line.
tenants() {
    local event='{"action": "list_tenants"}' page cursor
    while :; do
        page=$(operator "$event")
        jq -c '.tenants[]' <<<"$page"
        cursor=$(jq -r '.next_cursor // ""' <<<"$page")
        [ -n "$cursor" ] || break
        event=$(jq -nc --arg cursor "$cursor" '{action: "list_tenants", cursor: $cursor}')
    done
}

sweeper_rules() {
    aws cloudformation describe-stack-resources --stack-name "$STACK" \
        --query "StackResources[?ResourceType=='AWS::Events::Rule' && starts_with(LogicalResourceId, 'Sweeper')].[PhysicalResourceId]" --output text
}

# Where releases are kept.
releases() {
    [ -n "${RELEASES:-}" ] || stop 'RELEASES is not set: the bucket of the releases, in the region of the stack'
}

# How many objects of exactly this name the bucket of releases has.
kept() {
    aws s3api list-objects-v2 --bucket "$RELEASES" --prefix "$1" --query "length(Contents[?Key=='$1'] || \`[]\`)" --output text
}

# `Name<tab>value` of an environment of samconfig.toml.
samconfig() {
    python3 - "$here/../samconfig.toml" "$1" <<'PYTHON'
import sys, tomllib
with open(sys.argv[1], "rb") as file:
    config = tomllib.load(file)
for override in config[sys.argv[2]]["deploy"]["parameters"]["parameter_overrides"]:
    name, _, value = override.partition("=")
    print(name, value.strip('"'), sep="\t")
PYTHON
}
