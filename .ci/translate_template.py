#!/usr/bin/env python3
"""Prints template.yaml as CloudFormation gets it from SAM, without an account: what SAM generates is checked like the rest."""

import json
import sys

from samtranslator.translator.transform import transform

import check_template


class ManagedPolicies:
    """The names that SAM may look up in an account."""

    def load(self):
        return {}


def main():
    template = check_template.load(check_template.ROOT / "template.yaml")
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Function":
            resource["Properties"]["CodeUri"] = "s3://bucket/" + resource["Properties"]["CodeUri"]
    parameters = {name: parameter.get("Default", "x") for name, parameter in template["Parameters"].items()}
    parameters |= dict(argument.split("=", 1) for argument in sys.argv[1:])
    json.dump(transform(template, parameters, ManagedPolicies()), sys.stdout, indent=1, default=str)


if __name__ == "__main__":
    main()
