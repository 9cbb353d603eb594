"""Runs every command of docs/operations.md against the stand-ins beside this file: each block of shell, and each line of code that calls a lever or the AWS CLI.

Not whether it helps is seen here, but that it is spelt right: the real AWS CLI checks each call, and every lever its arguments.
"""

import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BLOCK = re.compile(r"^( *)```sh\n(.*?)^ *```", re.M | re.S)
LINE = re.compile(r"`((?:ops/|aws |output |curl )[^`]+)`")


def commands(text):
    """(line number, shell) of everything that can be typed."""
    for match in BLOCK.finditer(text):
        indent = match.group(1)
        lines = [line.removeprefix(indent) for line in match.group(2).splitlines()]
        yield text.count("\n", 0, match.start()) + 2, "\n".join(lines)
    for match in LINE.finditer(BLOCK.sub(lambda block: "\n" * block.group(0).count("\n"), text)):
        # `ops/alias-back` alone is a name, and so is a lever that stands in a sentence.
        if " " in match.group(1):
            yield text.count("\n", 0, match.start()) + 1, match.group(1)


def parameters_that_differ():
    """The stack of the answers has the parameters of template.yaml; the kept version lacks one of them and has a new one."""
    template = (ROOT / "template.yaml").read_text(encoding="utf-8")
    parameters = set(re.findall(r"^  (\w+):$", re.search(r"^Parameters:\n(.*?)^\S", template, re.M | re.S).group(1), re.M))

    def answered(operation, path):
        return {found["ParameterKey"] for found in path(json.loads((ROOT / f".ci/ops/answers/cloudformation.{operation}.json").read_text(encoding="utf-8")))}

    stack = answered("describe-stacks", lambda answer: answer["Stacks"][0]["Parameters"])
    kept = answered("get-template-summary", lambda answer: answer["Parameters"])
    return {"describe-stacks": stack ^ parameters, "get-template-summary": kept ^ parameters ^ {"WebAclArn", "NewLimit"}}


def main():
    wrong = 0
    for operation, names in parameters_that_differ().items():
        wrong += bool(names)
        for name in sorted(names):
            print(f".ci/ops/answers/cloudformation.{operation}.json: {name} is there or in template.yaml alone")
    text = (ROOT / "docs/operations.md").read_text(encoding="utf-8")
    found = sorted(commands(text))
    setup = found.pop(0)[1]
    for number, shell in found:
        with tempfile.TemporaryDirectory() as folder:
            for name in ("ops", "events", "functions", "samconfig.toml"):
                os.symlink(ROOT / name, Path(folder) / name)
            for name in ("signing-key.json", "imageflux-token.txt"):
                (Path(folder) / name).write_text("none")
            # What it takes from whoever is logged in to the system that it checks.
            (Path(folder) / "login.json").write_text('{"email": "a@example.com", "password": "p", "access_code": "c"}')
            environment = os.environ | {"AWS_CALLS": f"{folder}/calls"}
            Path(folder, "calls").touch()
            run = subprocess.run(["bash", "-euo", "pipefail", "-c", f"{setup}\n{shell}"], cwd=folder, env=environment, input="y\n" * 9,
                                 stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=300)
        # What compares or looks may find something, which is no mistake in the guide.
        finds = re.match(r"ops/(parameters|preflight) ", shell) is not None and run.returncode == 1
        if run.returncode and not finds:
            wrong += 1
            print(f"docs/operations.md:{number}: exit status {run.returncode}\n{shell}\n{run.stdout}")
    print(f"{len(found)} commands of docs/operations.md, and the parameters that they are tried with: {wrong} wrong")
    return wrong > 0


if __name__ == "__main__":
    sys.exit(main())
