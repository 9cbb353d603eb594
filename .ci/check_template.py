#!/usr/bin/env python3
"""Holds template.yaml against docs/iam-matrix.txt and samconfig.toml, and against what it promises.

    .ci/check_template.py            names everything that is wrong, and fails if anything is
    .ci/check_template.py --prove    breaks the template in memory, one way after the other, and fails if one goes unnoticed

Routes and events are held against openapi.yaml by tests/tests/contract/places.rs.
Needs Python 3.11 and PyYAML, nothing else, and no network.
"""

import copy
import json
import re
import sys
import tomllib
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parent.parent
FUNCTIONS = {manifest.parent.name for manifest in ROOT.glob("functions/*/Cargo.toml")}
TABLE_ACTIONS = {"GetItem", "BatchGetItem", "Query", "PutItem", "UpdateItem", "DeleteItem", "ConditionCheckItem"}
# A whole key, or a prefix that ends where a key's part ends: never a part of a word, never nothing.
KEY = re.compile(r"[A-Z]+(#[A-Za-z]+)*(#\*)?")
# The matrix could be widened by mistake; whoever may see a password hash is said here as well.
SEES_PASSWORD_HASHES = {"auth", "user"}
WRITES_PASSWORD_HASHES = SEES_PASSWORD_HASHES | {"tenant"}
# Whatever presses on them, chats go on.
TAKE_NOTHING_FROM_CHAT = {"schedule", "delivery-view"}
# What the access log may hold: nothing that clients type.
LOGGED = {"requestId", "requestTime", "routeKey", "status", "responseLatency", "integrationLatency",
          "integrationErrorMessage", "responseLength", "identity.sourceIp"}
TABLE = {
    "BillingMode": "PAY_PER_REQUEST",
    "DeletionProtectionEnabled": True,
    "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True},
    "SSESpecification": {"SSEEnabled": True, "SSEType": "KMS"},
    "TimeToLiveSpecification": {"AttributeName": "expires_at", "Enabled": True},
    "KeySchema": [{"AttributeName": "PK", "KeyType": "HASH"}, {"AttributeName": "SK", "KeyType": "RANGE"}],
}
THE_TABLE = {"Fn::If": [
    "IsRestored",
    {"Fn::Sub": "arn:${AWS::Partition}:dynamodb:${AWS::Region}:${AWS::AccountId}:table/${RestoredTableName}"},
    {"Fn::GetAtt": ["Table", "Arn"]},
]}
NO_VALUE = {"Ref": "AWS::NoValue"}


class Loader(yaml.SafeLoader):
    """YAML with CloudFormation's short forms, read as their long ones. A key that stands twice is an error."""

    def construct_mapping(self, node, deep=False):
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        twice = {key for key in keys if keys.count(key) > 1}
        if twice:
            raise yaml.constructor.ConstructorError(None, None, f"{sorted(twice)} twice", node.start_mark)
        return super().construct_mapping(node, deep)


def short_form(loader, suffix, node):
    if isinstance(node, yaml.ScalarNode):
        value = loader.construct_scalar(node)
        if suffix == "GetAtt":
            value = value.split(".", 1)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        value = loader.construct_mapping(node, deep=True)
    return {suffix if suffix in ("Ref", "Condition") else f"Fn::{suffix}": value}


Loader.add_multi_constructor("!", short_form)
# A date stays the text that it is.
Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def load(path):
    with open(path, encoding="utf-8") as file:
        return yaml.load(file, Loader)


def as_list(value):
    return value if isinstance(value, list) else [value]


def read_matrix(path):
    """{(function, key or resource, action)}; an action of the table has no colon."""
    matrix = set()
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        words = line.split("#", 1)[0].split() if line.startswith("#") else line.split()
        if words and len(words) < 3:
            raise SystemExit(f"{path.name}:{number}: a function, what it touches, and at least one action")
        for action in words[2:]:
            if (words[0], words[1], action) in matrix:
                raise SystemExit(f"{path.name}:{number}: {action} twice")
            matrix.add((words[0], words[1], action))
    return matrix


class Check:
    def __init__(self, template, matrix, samconfig):
        self.template, self.matrix, self.samconfig = template, matrix, samconfig
        self.resources = template["Resources"]
        self.errors, self.granted = [], set()
        self.functions = {
            Path(resource["Properties"]["CodeUri"]).name: (logical_id, resource)
            for logical_id, resource in self.of_type("AWS::Serverless::Function").items()
        }
        self.behind_an_api = {
            name for name, (_, resource) in self.functions.items()
            if any(event["Type"] == "HttpApi" for event in resource["Properties"].get("Events", {}).values())
        }

    def must(self, holds, text):
        if not holds:
            self.errors.append(text)

    def of_type(self, kind):
        return {name: found for name, found in self.resources.items() if found["Type"] == kind}

    def run(self):
        for check in (self.the_functions, self.roles, self.permissions, self.api, self.sweeper, self.table, self.logs,
                      self.alarms, self.parameters, self.environments, self.local_template):
            check()
        return self.errors

    def may(self, name, what, action):
        return (name, what, action) in self.matrix

    # ---- functions

    def the_functions(self):
        self.must(set(self.functions) == FUNCTIONS, f"functions: {sorted(set(self.functions) ^ FUNCTIONS)} only here or only under functions/")
        shared = self.template["Globals"]["Function"]
        for name, value in {"Runtime": "provided.al2023", "Architectures": [{"Ref": "Architecture"}], "Tracing": "Active", "AutoPublishAlias": "live"}.items():
            self.must(shared.get(name) == value, f"Globals: {name} is not {value}")
        for name, (logical_id, resource) in self.functions.items():
            properties = resource["Properties"]
            build = {"BuildMethod": "rust-cargolambda", "BuildProperties": {"Binary": name}}
            self.must(resource.get("Metadata") == build, f"{name}: is not built as {build}")
            self.must(properties["CodeUri"] == f"functions/{name}", f"{name}: CodeUri is not functions/{name}")
            self.must(properties.get("FunctionName") == {"Fn::Sub": f"${{AWS::StackName}}-{name}"}, f"{name}: FunctionName")
            self.must(properties.get("AutoPublishAliasAllProperties") is True, f"{name}: AutoPublishAliasAllProperties is not true")
            described = properties.get("VersionDescription", {}).get("Fn::Sub", "")
            variables = properties.get("Environment", {}).get("Variables", {})
            for parameter in ["Generation", "RestoredTableName"] + ["TokenPublicKeys"] * ("TOKEN_PUBLIC_KEYS" in variables):
                self.must(f"${{{parameter}}}" in described, f"{name}: VersionDescription does not name {parameter}, so a change of it would not be served")
            self.must(0 < properties.get("Timeout", 0) < 30 or name not in self.behind_an_api, f"{name}: Timeout is not below the gateway's 30 s")
            hashes = name in self.behind_an_api and self.may(name, "CRED#*", "PutItem")
            self.must(properties.get("MemorySize", 0) >= (1024 if hashes else 256), f"{name}: MemorySize is too small")
            self.must(not hashes or "ReservedConcurrentExecutions" in properties, f"{name}: hashes passwords and reserves no concurrency")
            self.must(name not in TAKE_NOTHING_FROM_CHAT or "ReservedConcurrentExecutions" in properties, f"{name}: may take what chat needs, because it reserves no concurrency")
            if name in self.behind_an_api:
                alarms = {"Fn::If": ["RollsBack", [{"Ref": logical_id.replace("Function", "ErrorsAlarm")}], [NO_VALUE]]}
                self.must(properties.get("DeploymentPreference", {}).get("Alarms") == alarms, f"{name}: is deployed without its alarm")
            self.environment(name, variables)

    def environment(self, name, variables):
        """Every value is a parameter, and a secret is named to those who may read it, and to nobody else."""
        for variable, value in variables.items():
            self.must(not isinstance(value, str), f"{name}: {variable} is a literal, not a parameter")
        readable = {what for function, what, action in self.matrix if function == name and action == "secretsmanager:GetSecretValue"}
        named = {value.get("Ref") for variable, value in variables.items() if variable.endswith("_SECRET") and isinstance(value, dict)}
        self.must(named == readable, f"{name}: is told of the secrets {sorted(map(str, named))}, and may read {sorted(readable)}")

    # ---- permissions

    def roles(self):
        used = {}
        for name, (_, resource) in self.functions.items():
            properties = resource["Properties"]
            for forbidden in ("Policies", "PermissionsBoundary", "Connectors", "VpcConfig"):
                self.must(forbidden not in properties, f"{name}: {forbidden} grant what the matrix does not show")
            role = properties.get("Role", {}).get("Fn::GetAtt", [None])[0]
            if role not in self.of_type("AWS::IAM::Role"):
                self.must(False, f"{name}: has no role of its own")
                continue
            self.must(role not in used, f"{name}: shares {role} with {used.get(role)}")
            used[role] = name
            self.role(name, role, self.resources[role]["Properties"])
        self.must("Policies" not in self.template["Globals"]["Function"], "Globals: Policies grant what the matrix does not show")
        for name, resource in self.resources.items():
            kind = resource["Type"]
            grants = kind.startswith("AWS::IAM::") or kind.endswith("Policy") or kind in ("AWS::Serverless::Connector", "AWS::Lambda::Permission", "AWS::Lambda::Function")
            self.must(name in used or name in HANDED_OUT or name == "BackupRole" or not grants, f"{name}: grants what the matrix does not show")
        for name, (action, services) in HANDED_OUT.items():
            for statement in self.resources[name]["Properties"]["PolicyDocument"]["Statement"]:
                self.must(statement["Action"] == [action], f"{name}: more than {action}")
                self.must(set(as_list(statement["Principal"].get("Service"))) <= services, f"{name}: others than {services} may send")
                self.must("Condition" in statement, f"{name}: for any sender")
        backup = self.resources["BackupRole"]["Properties"]
        self.must(
            backup["AssumeRolePolicyDocument"]["Statement"][0]["Principal"] == {"Service": "backup.amazonaws.com"}
            and backup["ManagedPolicyArns"] == [{"Fn::Sub": "arn:${AWS::Partition}:iam::aws:policy/service-role/AWSBackupServiceRolePolicyForBackup"}],
            "BackupRole: is for others than AWS Backup, or for more than backups",
        )

    def role(self, name, role, properties):
        self.must("ManagedPolicyArns" not in properties, f"{role}: managed policies grant what the matrix does not show")
        lambda_only = [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "lambda.amazonaws.com"}}]
        self.must(properties["AssumeRolePolicyDocument"]["Statement"] == lambda_only, f"{role}: others than Lambda may assume it")
        for policy in properties.get("Policies", []):
            for statement in as_list(policy["PolicyDocument"]["Statement"]):
                optional = statement.get("Fn::If")
                if optional:
                    self.must(optional[0] == "HasSecretsKey" and optional[2] == NO_VALUE, f"{role}: a statement depends on {optional[0]}")
                    statement = optional[1]
                self.statement(name, role, statement)

    def statement(self, name, role, statement):
        self.must(set(statement) <= {"Effect", "Action", "Resource", "Condition", "Sid"}, f"{role}: {sorted(statement)} in a statement")
        self.must(statement.get("Effect") == "Allow", f"{role}: a statement that is no Allow")
        resources, condition = as_list(statement.get("Resource", [])), statement.get("Condition")
        for action in as_list(statement.get("Action", [])):
            if "*" in action or "?" in action or ":" not in action:
                self.must(False, f"{role}: a wildcard in action {action}")
            elif action.startswith("dynamodb:"):
                self.table_statement(name, role, action.removeprefix("dynamodb:"), resources, condition)
            else:
                self.other_statement(name, role, action, resources, condition)

    def table_statement(self, name, role, verb, resources, condition):
        self.must(verb in TABLE_ACTIONS, f"{role}: dynamodb:{verb} is not needed by anybody")
        self.must(resources == [THE_TABLE], f"{role}: dynamodb:{verb} on something else than the table")
        keys = ((condition or {}).get("ForAllValues:StringLike") or {}).get("dynamodb:LeadingKeys") or []
        expected = {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": keys}, "Null": {"dynamodb:LeadingKeys": "false"}}
        self.must(bool(keys) and condition == expected, f"{role}: dynamodb:{verb} without exactly its keys as condition")
        for key in as_list(keys):
            self.must(KEY.fullmatch(str(key)), f"{role}: {key!r} is no key and no prefix of keys")
            may = WRITES_PASSWORD_HASHES if verb == "PutItem" else SEES_PASSWORD_HASHES
            self.must(not str(key).startswith("CRED") or name in may, f"{role}: reaches password hashes")
            self.granted.add((name, key, verb))

    def other_statement(self, name, role, action, resources, condition):
        through_secrets = {"StringEquals": {"kms:ViaService": {"Fn::Sub": "secretsmanager.${AWS::Region}.amazonaws.com"}}}
        self.must(condition == (through_secrets if action == "kms:Decrypt" else None), f"{role}: {action} under another condition than expected")
        for resource in resources:
            if resource == "*" and action.startswith("xray:"):
                self.granted.add((name, "*", action))
            elif isinstance(resource, dict) and resource.get("Ref") in self.template["Parameters"]:
                self.granted.add((name, resource["Ref"], action))
            elif isinstance(resource, dict) and "Fn::GetAtt" in resource and resource["Fn::GetAtt"][1] == "Arn":
                self.granted.add((name, resource["Fn::GetAtt"][0], action))
            else:
                self.must(False, f"{role}: {action} on {json.dumps(resource)}, which names no single resource")

    def permissions(self):
        for function, what, action in sorted(self.granted - self.matrix):
            self.must(False, f"{function}: may {action} on {what}, but docs/iam-matrix.txt does not say so")
        for function, what, action in sorted(self.matrix - self.granted):
            self.must(False, f"{function}: may not {action} on {what}, but docs/iam-matrix.txt says so")

    # ---- the rest

    def api(self):
        for name, resource in self.of_type("AWS::Serverless::HttpApi").items():
            api = resource["Properties"]
            for forbidden in ("CorsConfiguration", "Auth"):
                self.must(forbidden not in api, f"{name}: {forbidden} is the functions' own work")
            for route, settings in {"default": api.get("DefaultRouteSettings", {}), **api.get("RouteSettings", {})}.items():
                for limit in ("ThrottlingRateLimit", "ThrottlingBurstLimit"):
                    self.must(bool(settings.get(limit)), f"{name}: {route} has no {limit}")
            try:
                line = json.loads(api.get("AccessLogSettings", {}).get("Format", ""))
            except ValueError:
                line = {"line": "no JSON"}
            for member, value in line.items():
                self.must(value.removeprefix("$context.") in LOGGED, f"{name}: the access log's {member} may hold what clients typed")
        closed = {"Fn::If": ["DomainIsAtApi", True, False]}
        self.must(self.resources["Api"]["Properties"].get("DisableExecuteApiEndpoint") == closed, "Api: AWS' own address stays on beside the domain")
        settings = self.resources["Api"]["Properties"]["RouteSettings"]
        known = {
            f"{event['Properties']['Method']} {event['Properties']['Path']}" if "Path" in event["Properties"] else "$default"
            for _, resource in self.functions.values() for event in resource["Properties"].get("Events", {}).values() if event["Type"] == "HttpApi"
        }
        for route in sorted(set(settings) - known):
            self.must(False, f"{route}: has limits and no route, which fails the deployment")

    def sweeper(self):
        properties = self.functions["sweeper"][1]["Properties"]
        queue = {"Fn::GetAtt": ["SweeperDeadLetters", "Arn"]}
        failure = properties.get("EventInvokeConfig", {}).get("DestinationConfig", {}).get("OnFailure", {})
        self.must(failure == {"Type": "SQS", "Destination": queue}, "sweeper: its failed runs go nowhere")
        for name, event in properties.get("Events", {}).items():
            self.must(event["Properties"].get("DeadLetterConfig") == {"Arn": queue}, f"sweeper: what {name} can not deliver goes nowhere")
        rates = {event["Properties"].get("Schedule"): event["Properties"].get("Input", "{}") for event in properties.get("Events", {}).values()}
        self.must(rates == {"rate(1 minute)": "{}", "rate(15 minutes)": '{"action": "reconcile"}'}, f"sweeper: runs {rates}")

    def table(self):
        tables = self.of_type("AWS::DynamoDB::Table")
        self.must(set(tables) == {"Table"}, "there is not exactly one table, named Table")
        properties = tables["Table"]["Properties"]
        for forbidden in ("TableName", "GlobalSecondaryIndexes", "LocalSecondaryIndexes"):
            self.must(forbidden not in properties, f"Table: has {forbidden}, so it could not be replaced, or roles do not cover it")
        for name, value in TABLE.items():
            self.must(properties.get(name) == value, f"Table: {name} is {properties.get(name)}, not {value}")
        for policy in ("DeletionPolicy", "UpdateReplacePolicy"):
            self.must(tables["Table"].get(policy) == "Retain", f"Table: {policy} is not Retain")

    def logs(self):
        groups = self.of_type("AWS::Logs::LogGroup")
        for name, group in groups.items():
            self.must(group["Properties"].get("RetentionInDays") == {"Ref": "LogRetentionDays"}, f"{name}: is kept for ever")
        for name, (logical_id, resource) in self.functions.items():
            group = resource["Properties"].get("LoggingConfig", {}).get("LogGroup", {}).get("Ref")
            self.must(group in groups and group == logical_id.replace("Function", "Logs"), f"{name}: has no log group of its own")

    def alarms(self):
        alarms = self.of_type("AWS::CloudWatch::Alarm")
        moves_back = {self.functions[name][0].replace("Function", "ErrorsAlarm") for name in self.behind_an_api}
        self.must(moves_back <= set(alarms), f"alarms that are missing: {sorted(moves_back - set(alarms))}")
        headings = re.findall(r"^#+ (.+)$", (ROOT / "docs/operations.md").read_text(encoding="utf-8"), re.M)
        anchors = {heading.strip().lower().replace(" ", "-") for heading in headings}
        telemetry = (ROOT / "shared/src/platform/telemetry.rs").read_text(encoding="utf-8")
        for name, alarm in alarms.items():
            properties = alarm["Properties"]
            told = [[]] if name in moves_back else [[{"Ref": "PageTopic"}], [{"Ref": "TicketTopic"}]]
            self.must(properties.get("AlarmActions", []) in told, f"{name}: tells {'somebody' if name in moves_back else 'nobody'}")
            self.must(properties.get("OKActions", []) == properties.get("AlarmActions", []), f"{name}: does not tell when it is over")
            self.can_not_get_stuck(name, properties)
            anchor = properties.get("AlarmDescription", "").rpartition("docs/operations.md#")[2]
            self.must(anchor in anchors, f"{name}: docs/operations.md has no section #{anchor}")
            for metric in self.metrics(properties):
                names = [dimension["Name"] for dimension in metric.get("Dimensions", [])]
                self.must(metric.get("Namespace") != "ImageFluxOption" or "FunctionName" in names, f"{name}: looks at the metrics of all stacks")
        self.own_metrics(alarms)
        for word in ('"ImageFluxOption"', '"FunctionName"'):
            self.must(word in telemetry, f"telemetry.rs: does not say {word}, which alarms look for")

    @staticmethod
    def metrics(alarm):
        inside = [metric["MetricStat"]["Metric"] for metric in alarm.get("Metrics", []) if "MetricStat" in metric]
        return inside or [alarm]

    def can_not_get_stuck(self, name, alarm):
        """What AWS says of FILL and of AWS/DynamoDB, in "Using metric math" and of PutMetricAlarm."""
        periods, points = alarm.get("EvaluationPeriods", 0), alarm.get("DatapointsToAlarm", 0)
        expressions = " ".join(metric.get("Expression", "") for metric in alarm.get("Metrics", []))
        namespaces = {json.dumps(metric.get("Namespace")) for metric in self.metrics(alarm)}
        late = "FILL" in expressions or any("ImageFluxOption" in namespace for namespace in namespaces)
        self.must(not late or 0 < points < periods, f"{name}: looks at what comes late, and at every one of its points")
        silent = '"AWS/DynamoDB"' in namespaces
        self.must(not silent or "0 * consumed" in expressions, f"{name}: has no point while the table refuses nothing, and so stays what it is")
        self.must(alarm.get("TreatMissingData") in ("notBreaching", "breaching"), f"{name}: says nothing of silence")

    def own_metrics(self, alarms):
        """A metric that an alarm looks for and nobody makes would be silent for ever."""
        made = {
            transformation["MetricName"]
            for filter in self.of_type("AWS::Logs::MetricFilter").values()
            for transformation in filter["Properties"]["MetricTransformations"]
        }
        source = "".join(path.read_text(encoding="utf-8") for folder in ("shared", "functions") for path in ROOT.glob(f"{folder}/**/src/**/*.rs"))
        for name, alarm in alarms.items():
            for metric in self.metrics(alarm["Properties"]):
                ours = "ImageFluxOption" in json.dumps(metric.get("Namespace"))
                found = metric["MetricName"] in made or f'"{metric["MetricName"]}"' in source
                self.must(not ours or found, f"{name}: nobody makes {metric['MetricName']}")

    def limits(self, environment, given):
        """All that the gateway lets into a function which reserves concurrency must fit into ten requests a second for each of it."""
        routes = self.resources["Api"]["Properties"]["RouteSettings"]

        def number(value):
            return float(given[value["Ref"]] if isinstance(value, dict) else value)

        for name, (logical_id, resource) in self.functions.items():
            reserved = resource["Properties"].get("ReservedConcurrentExecutions")
            if not reserved or given[reserved["Fn::If"][1]["Ref"]] == "0":
                continue
            total = 0.0
            for event in resource["Properties"]["Events"].values():
                properties = event["Properties"]
                route = f"{properties['Method']} {properties['Path']}" if "Path" in properties else "$default"
                self.must(route in routes, f"{route}: leads into {name}, which reserves concurrency, and has no limit of its own")
                total += number(routes.get(route, {"ThrottlingRateLimit": 0})["ThrottlingRateLimit"])
            fits = 10 * number(reserved["Fn::If"][1])
            self.must(total <= fits, f"samconfig.toml: {environment} lets {total:g} requests a second into {name}, which serves {fits:g}")

    def parameters(self):
        for name, parameter in self.template["Parameters"].items():
            self.must(bool(parameter.get("Description")), f"{name}: has no description")
            if name.endswith("SecretArn"):
                self.must("Default" not in parameter, f"{name}: has a default")
                self.must(":secretsmanager:" in parameter.get("AllowedPattern", ""), f"{name}: accepts more than a secret's ARN")
        self.must(not self.of_type("AWS::SecretsManager::Secret"), "secrets are made outside of the template")
        self.must("{{resolve:" not in json.dumps(self.template), "a secret is resolved into the template")

    def environments(self):
        """`sam deploy` keeps the value of a parameter that it is not given: one that is not named could never be set back."""
        self.must(self.samconfig.get("default") == self.samconfig.get("dev"), "samconfig.toml: default is not dev")
        for name in ("dev", "prod"):
            build, deploy = (self.samconfig[name][command]["parameters"] for command in ("build", "deploy"))
            self.must(build.get("cached") is False, f"samconfig.toml: {name} caches builds, which misses changes in shared/")
            overrides = [override.partition("=") for override in deploy["parameter_overrides"]]
            given = {parameter: value for parameter, _, value in overrides}
            for parameter in sorted(set(given) ^ set(self.template["Parameters"])):
                self.must(False, f"samconfig.toml: {name} gives {parameter}, which template.yaml does not have, or does not give it")
            self.must(len(given) == len(overrides), f"samconfig.toml: {name} gives a parameter twice")
            self.must("" not in given.values(), f'samconfig.toml: {name} has a value that SAM drops; write Name=""')
            self.limits(name, given)
            self.must(build["parameter_overrides"] == [f"Architecture={given.get('Architecture')}"], f"samconfig.toml: {name} builds for another processor than it deploys")

    def local_template(self):
        """What `sam local invoke` takes: these functions, as they are built here, with the keys of the local server."""
        local = load(ROOT / "local/template.yaml")
        places = {name: resource["Properties"]["CodeUri"] for name, resource in local["Resources"].items()}
        self.must(places == {name: f"../.aws-sam/build/{name}" for name, _ in self.functions.values()}, "local/template.yaml: its functions are not those of template.yaml")
        demo = (ROOT / "local/src/demo.rs").read_text(encoding="utf-8")
        for name in ("TOKEN_PUBLIC_KEYS", "TOKEN_SIGNING_KEY"):
            self.must(local["Globals"]["Function"]["Environment"]["Variables"][name] in demo, f"local/template.yaml: {name} is not the one of local/src/demo.rs")


# Policies that are no role's: what they allow, and to whom.
HANDED_OUT = {
    "SweeperDeadLettersPolicy": ("sqs:SendMessage", {"events.amazonaws.com"}),
    "TopicsPolicy": ("sns:Publish", {"cloudwatch.amazonaws.com", "budgets.amazonaws.com", "events.amazonaws.com"}),
}


def ways_to_break(template):
    """Each takes a copy of the template and of samconfig.toml."""

    def prop(t, resource):
        return t["Resources"][resource]["Properties"]

    def statements(t, role):
        return prop(t, role)["Policies"][0]["PolicyDocument"]["Statement"]

    def keys(t, role, index):
        return statements(t, role)[index]["Condition"]["ForAllValues:StringLike"]["dynamodb:LeadingKeys"]

    def reads(t, secret):
        return next(s for s in statements(t, "AuthRole") if s.get("Resource") == {"Ref": secret})

    def overrides(s, environment="prod"):
        return s[environment]["deploy"]["parameters"]["parameter_overrides"]

    return {
        "one more action": lambda t, _: statements(t, "ChatRole")[0]["Action"].append("dynamodb:DeleteItem"),
        "one more key": lambda t, _: keys(t, "ChatRole", 0).append("CAL#*"),
        "password hashes for chat": lambda t, _: keys(t, "ChatRole", 0).append("CRED#*"),
        "a wider prefix": lambda t, _: keys(t, "AuthRole", 2).__setitem__(0, "EMAIL*"),
        "any key": lambda t, _: keys(t, "ScheduleRole", 0).__setitem__(0, "*"),
        "no condition": lambda t, _: statements(t, "ScheduleRole")[0].pop("Condition"),
        "no refusal of requests without keys": lambda t, _: statements(t, "ScheduleRole")[0]["Condition"].pop("Null"),
        "one permission less": lambda t, _: keys(t, "UserRole", 0).pop(),
        "Scan": lambda t, _: statements(t, "UserRole")[0]["Action"].append("dynamodb:Scan"),
        "any action": lambda t, _: statements(t, "UserRole")[0]["Action"].append("dynamodb:*"),
        "any table": lambda t, _: statements(t, "UserRole")[0].__setitem__("Resource", "*"),
        "NotAction": lambda t, _: statements(t, "UserRole")[0].__setitem__("NotAction", []),
        "any secret": lambda t, _: reads(t, "TokenSigningKeySecretArn").__setitem__("Resource", "*"),
        "the signing key for chat": lambda t, _: statements(t, "ChatRole").append(reads(t, "TokenSigningKeySecretArn")),
        "a secret's name for chat": lambda t, _: prop(t, "ChatFunction")["Environment"]["Variables"].__setitem__("TOKEN_SIGNING_KEY_SECRET", {"Ref": "TokenSigningKeySecretArn"}),
        "a managed policy": lambda t, _: prop(t, "UserRole").__setitem__("ManagedPolicyArns", ["arn:aws:iam::aws:policy/AdministratorAccess"]),
        "a policy on the function": lambda t, _: prop(t, "UserFunction").__setitem__("Policies", "AmazonDynamoDBFullAccess"),
        "a shared role": lambda t, _: prop(t, "UserFunction").__setitem__("Role", prop(t, "ChatFunction")["Role"]),
        "a stranger's role": lambda t, _: prop(t, "UserRole").__setitem__("AssumeRolePolicyDocument", {"Statement": []}),
        "a queue for everybody": lambda t, _: prop(t, "SweeperDeadLettersPolicy")["PolicyDocument"]["Statement"][0].pop("Condition"),
        "a permission beside the roles": lambda t, _: t["Resources"].__setitem__("Open", {"Type": "AWS::Lambda::Permission", "Properties": {}}),
        "a function less": lambda t, _: t["Resources"].pop("ChatFunction"),
        "a table that may be deleted": lambda t, _: prop(t, "Table").__setitem__("DeletionProtectionEnabled", False),
        "a table that goes with its stack": lambda t, _: t["Resources"]["Table"].__setitem__("DeletionPolicy", "Delete"),
        "a table without recovery": lambda t, _: prop(t, "Table").pop("PointInTimeRecoverySpecification"),
        "headers in the access log": lambda t, _: prop(t, "Api")["AccessLogSettings"].__setitem__("Format", '{"a":"$context.authorizer.error"}'),
        "log-ins without a limit": lambda t, _: prop(t, "Api")["RouteSettings"].pop("POST /api/login"),
        "views at any number at once": lambda t, _: prop(t, "DeliveryViewFunction").pop("ReservedConcurrentExecutions"),
        "lists without a limit of their own": lambda t, _: prop(t, "Api")["RouteSettings"].pop("GET /api/schedule"),
        "log-ins at any number at once": lambda t, _: prop(t, "AuthFunction").pop("ReservedConcurrentExecutions"),
        "a token in the environment": lambda t, _: prop(t, "ScheduleFunction")["Environment"]["Variables"].__setitem__("IMAGEFLUX_ACCESS_TOKEN_SECRET", "t0ken"),
        "keys that would not be served": lambda t, _: prop(t, "ChatFunction").pop("VersionDescription"),
        "logs for ever": lambda t, _: prop(t, "ChatLogs").pop("RetentionInDays"),
        "a deployment that nothing moves back": lambda t, _: prop(t, "ChatFunction")["DeploymentPreference"].pop("Alarms"),
        "strangers before log-ins": lambda t, _: prop(t, "Api")["RouteSettings"].pop("$default"),
        "more log-ins than fit": lambda _, s: overrides(s).__setitem__(overrides(s).index("LoginsPerSecond=100"), "LoginsPerSecond=101"),
        "more lists than fit": lambda _, s: overrides(s).__setitem__(overrides(s).index("ListsPerSecond=250"), "ListsPerSecond=251"),
        "a limit of no route": lambda t, _: prop(t, "Api")["RouteSettings"].__setitem__("GET /api/nothing", {"ThrottlingRateLimit": 1, "ThrottlingBurstLimit": 1}),
        "an alarm that gets stuck": lambda t, _: prop(t, "ChatErrorsAlarm").__setitem__("EvaluationPeriods", 1),
        "an alarm that stays on": lambda t, _: prop(t, "TableThrottlesAlarm")["Metrics"][0].__setitem__("Expression", "reads + writes"),
        "an alarm that nothing sets off": lambda t, _: t["Resources"].pop("ViewFailures"),
        "an alarm for all stacks": lambda t, _: prop(t, "OrphanChannelsAlarm").pop("Dimensions"),
        "topics for everybody": lambda t, _: prop(t, "TopicsPolicy")["PolicyDocument"]["Statement"][0].pop("Condition"),
        "an alarm that tells nobody": lambda t, _: prop(t, "DeadLettersAlarm").pop("AlarmActions"),
        "a sweeper that runs once an hour": lambda t, _: prop(t, "SweeperFunction")["Events"]["EveryMinute"]["Properties"].__setitem__("Schedule", "rate(1 hour)"),
        "a parameter that can not be set back": lambda _, s: overrides(s).remove("RollBackOnAlarms=true"),
        "a parameter that nobody knows": lambda _, s: overrides(s).append("Colour=red"),
        "an empty value that is dropped": lambda _, s: overrides(s).__setitem__(overrides(s).index('HostedZoneId=""'), "HostedZoneId="),
    }


def prove(template, matrix, samconfig):
    unnoticed = 0
    for way, breaks in ways_to_break(template).items():
        # Parts that are written once and used everywhere are parted here, so that one thing breaks at a time.
        broken, config = json.loads(json.dumps(template)), copy.deepcopy(samconfig)
        breaks(broken, config)
        errors = Check(broken, matrix, config).run()
        print(f"{'noticed  ' if errors else 'UNNOTICED'}  {way}" + (f": {errors[0]}" if errors else ""))
        unnoticed += not errors
    return f"{unnoticed} ways to break the template go unnoticed" if unnoticed else None


def main(arguments):
    template, matrix = load(ROOT / "template.yaml"), read_matrix(ROOT / "docs/iam-matrix.txt")
    samconfig = tomllib.loads((ROOT / "samconfig.toml").read_text(encoding="utf-8"))
    errors = Check(template, matrix, samconfig).run()
    for error in errors:
        print(error)
    if errors:
        return f"{len(errors)} errors"
    print(f"template.yaml: {len(matrix)} permissions, all of them in docs/iam-matrix.txt; table, limits, logs and parameters as promised")
    return prove(template, matrix, samconfig) if arguments == ["--prove"] else None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
