# Sourced: puts the AWS SAM CLI, cfn-lint, cargo-lambda and Zig, at fixed versions, first in the PATH,
# and sees to it that none of them can reach an account. Needs Python 3.11 with venv.

export AWS_ACCESS_KEY_ID=none AWS_SECRET_ACCESS_KEY=none AWS_REGION=ap-northeast-1 AWS_DEFAULT_REGION=ap-northeast-1
export AWS_EC2_METADATA_DISABLED=true SAM_CLI_TELEMETRY=0
unset AWS_PROFILE AWS_SESSION_TOKEN AWS_ENDPOINT_URL

aws_tools=$PWD/target/tools/aws
if ! cmp -s .ci/aws-requirements.txt "$aws_tools/installed.txt"; then
    rm -rf "$aws_tools"
    python3 -m venv "$aws_tools"
    "$aws_tools/bin/pip" install --quiet --disable-pip-version-check --requirement .ci/aws-requirements.txt
    cp .ci/aws-requirements.txt "$aws_tools/installed.txt"
fi
export PATH=$aws_tools/bin:$PATH
