#!/usr/bin/env python3
"""Holds template.yaml against docs/iam-matrix.txt, openapi.yaml, events/ and samconfig.toml, and against what it promises.

    .ci/check_template.py            names everything that is wrong, and fails if anything is
    .ci/check_template.py --prove    breaks the template in memory, one way after the other, and fails if one goes unnoticed

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
METHODS = {"get", "post", "put", "patch", "delete", "head", "options", "trace"}
TABLE_ACTIONS = {"GetItem", "BatchGetItem", "Query", "PutItem", "UpdateItem", "DeleteItem"}
# A whole key, or a prefix that ends where a key's part ends: never a part of a word, never nothing.
KEY = re.compile(r"[A-Z]+(#[A-Za-z]+)*(#\*)?")
SEES_PASSWORD_HASHES = {"auth", "user"}
WRITES_PASSWORD_HASHES = SEES_PASSWORD_HASHES | {"tenant"}
BEHIND_THE_API = {"auth", "schedule", "delivery-view", "user", "chat"}
ALL_FUNCTIONS = BEHIND_THE_API | {"tenant", "sweeper"}
HASHES_PASSWORDS = {"auth", "user"}
ASK_IMAGEFLUX = {"schedule", "delivery-view", "sweeper"}
MAY_HAVE = {
    "TOKEN_PUBLIC_KEYS": BEHIND_THE_API,
    "CORS_ORIGINS": BEHIND_THE_API,
    "TOKEN_SIGNING_KEY_SECRET": {"auth"},
    "TOKEN_LIFETIME_SECONDS": {"auth"},
    "IMAGEFLUX_ENDPOINT": ASK_IMAGEFLUX,
    "IMAGEFLUX_ACCESS_TOKEN_SECRET": ASK_IMAGEFLUX,
    "CHANNEL_GRACE_SECONDS": ASK_IMAGEFLUX,
    "DELETE_ORPHAN_CHANNELS": {"sweeper"},
}
THE_TABLE = {
    "Fn::If": [
        "IsRestored",
        {"Fn::Sub": "arn:${AWS::Partition}:dynamodb:${AWS::Region}:${AWS::AccountId}:table/${RestoredTableName}"},
        {"Fn::GetAtt": ["Table", "Arn"]},
    ]
}
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
# A date in an example stays the text that it is.
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
    """{(function, key, action)} of the table, and {(function, resource, action)} of everything else."""
    table, others = set(), set()
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        words = line.split("#", 1)[0].split() if line.startswith("#") else line.split()
        if not words:
            continue
        if len(words) < 3:
            raise SystemExit(f"{path.name}:{number}: a function, what it touches, and at least one action")
        function, what, actions = words[0], words[1], words[2:]
        for action in actions:
            into = others if ":" in action else table
            if (function, what, action) in into:
                raise SystemExit(f"{path.name}:{number}: {action} twice")
            into.add((function, what, action))
    return table, others


class Check:
    def __init__(self, template, openapi, matrix, events, samconfig):
        self.template, self.openapi, self.events, self.samconfig = template, openapi, events, samconfig
        self.table_matrix, self.other_matrix = matrix
        self.resources = template["Resources"]
        self.errors = []
        self.functions = {}
        self.granted, self.granted_others = set(), set()

    def wrong(self, text):
        self.errors.append(text)

    def must(self, holds, text):
        if not holds:
            self.wrong(text)

    def of_type(self, kind):
        return {name: found for name, found in self.resources.items() if found["Type"] == kind}

    def run(self):
        self.find_functions()
        self.roles()
        self.matrix()
        self.other_policies()
        self.routes()
        self.throttles()
        self.access_log()
        self.address()
        self.functions_are_set_up()
        self.sweeper_has_dead_letters()
        self.table()
        self.logs()
        self.alarms()
        self.own_metrics()
        self.secrets()
        self.event_files()
        self.environments()
        self.local_template()
        return self.errors

    # ---- functions

    def find_functions(self):
        for logical_id, resource in self.of_type("AWS::Serverless::Function").items():
            name = Path(resource["Properties"].get("CodeUri", "?")).name
            self.functions[name] = (logical_id, resource)
        self.must(set(self.functions) == ALL_FUNCTIONS, f"functions: {sorted(self.functions)}, expected {sorted(ALL_FUNCTIONS)}")
        self.must(not self.of_type("AWS::Lambda::Function"), "a function outside of AWS::Serverless::Function")

    def functions_are_set_up(self):
        shared = self.template["Globals"]["Function"]
        self.must(shared.get("Runtime") == "provided.al2023", "Globals: Runtime is not provided.al2023")
        self.must(shared.get("Architectures") == [{"Ref": "Architecture"}], "Globals: Architectures is not the parameter")
        self.must(shared.get("Tracing") == "Active", "Globals: Tracing is not Active")
        self.must(shared.get("AutoPublishAlias") == "live", "Globals: AutoPublishAlias is not live")
        self.must({"TABLE_NAME", "GENERATION"} <= set(shared["Environment"]["Variables"]), "Globals: TABLE_NAME or GENERATION is missing")
        for name, (logical_id, resource) in self.functions.items():
            properties = resource["Properties"]
            build = resource.get("Metadata", {})
            self.must(build.get("BuildMethod") == "rust-cargolambda", f"{name}: BuildMethod is not rust-cargolambda")
            self.must(build.get("BuildProperties") == {"Binary": name}, f"{name}: Binary is not {name}")
            self.must(properties["CodeUri"] == f"functions/{name}", f"{name}: CodeUri is not functions/{name}")
            self.must(properties.get("FunctionName") == {"Fn::Sub": f"${{AWS::StackName}}-{name}"}, f"{name}: FunctionName")
            self.must(properties.get("AutoPublishAliasAllProperties") is True, f"{name}: AutoPublishAliasAllProperties is not true")
            described = properties.get("VersionDescription", {}).get("Fn::Sub", "")
            rotated = ["Generation", "RestoredTableName"] + (["TokenPublicKeys"] if name in BEHIND_THE_API else [])
            for parameter in rotated:
                self.must(f"${{{parameter}}}" in described, f"{name}: VersionDescription does not name {parameter}, so a change of it would not be served")
            memory, timeout = properties.get("MemorySize", 0), properties.get("Timeout", 0)
            self.must(memory >= (1024 if name in HASHES_PASSWORDS else 256), f"{name}: MemorySize {memory} is too small")
            self.must(0 < timeout < 30 or name == "sweeper", f"{name}: Timeout {timeout} is not below the gateway's 30 s")
            if name in HASHES_PASSWORDS:
                self.must("ReservedConcurrentExecutions" in properties, f"{name}: hashes passwords and reserves no concurrency")
            if name in BEHIND_THE_API:
                own = {"Ref": logical_id.replace("Function", "ErrorsAlarm")}
                alarms = {"Fn::If": ["RollsBack", [own], [{"Ref": "AWS::NoValue"}]]}
                self.must(properties.get("DeploymentPreference", {}).get("Alarms") == alarms, f"{name}: is deployed without its alarm")
            self.must("VpcConfig" not in properties, f"{name}: is in a VPC")
            self.environment(name, properties.get("Environment", {}).get("Variables", {}))

    def environment(self, name, variables):
        for variable, value in variables.items():
            self.must(name in MAY_HAVE.get(variable, ()), f"{name}: has no use for {variable}")
            self.must(not isinstance(value, str), f"{name}: {variable} is a literal, not a parameter")
        for variable, users in MAY_HAVE.items():
            self.must(name not in users or variable in variables, f"{name}: {variable} is missing")

    # ---- permissions

    def roles(self):
        roles = self.of_type("AWS::IAM::Role")
        used = {}
        for name, (_, resource) in self.functions.items():
            properties = resource["Properties"]
            for forbidden in ("Policies", "PermissionsBoundary", "Connectors"):
                self.must(forbidden not in properties, f"{name}: {forbidden} grant what the matrix does not show")
            role = properties.get("Role", {}).get("Fn::GetAtt", [None])[0]
            if role not in roles:
                self.wrong(f"{name}: has no role of its own")
                continue
            self.must(role not in used, f"{name}: shares {role} with {used.get(role)}")
            used[role] = name
            self.role(name, role, roles[role]["Properties"])
        for role in set(roles) - set(used):
            self.wrong(f"{role}: is no function's role")
        for kind in ("AWS::IAM::Policy", "AWS::IAM::ManagedPolicy", "AWS::IAM::RolePolicy", "AWS::IAM::User", "AWS::IAM::Group", "AWS::Serverless::Connector", "AWS::Lambda::Permission"):
            self.must(not self.of_type(kind), f"{kind}: permissions belong into the roles of the functions")
        self.must("Policies" not in self.template["Globals"]["Function"], "Globals: Policies grant what the matrix does not show")

    def role(self, name, role, properties):
        self.must("ManagedPolicyArns" not in properties, f"{role}: managed policies grant what the matrix does not show")
        trusted = properties["AssumeRolePolicyDocument"]["Statement"]
        lambda_only = [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "lambda.amazonaws.com"}}]
        self.must(trusted == lambda_only, f"{role}: others than Lambda may assume it")
        for policy in properties.get("Policies", []):
            for statement in as_list(policy["PolicyDocument"]["Statement"]):
                optional = statement.get("Fn::If") if isinstance(statement, dict) else None
                if optional:
                    self.must(optional[0] == "HasSecretsKey" and optional[2] == NO_VALUE, f"{role}: a statement depends on {optional[0]}")
                    statement = optional[1]
                self.statement(name, role, statement)

    def statement(self, name, role, statement):
        allowed = {"Effect", "Action", "Resource", "Condition", "Sid"}
        self.must(set(statement) <= allowed, f"{role}: {sorted(set(statement) - allowed)} in a statement")
        self.must(statement.get("Effect") == "Allow", f"{role}: a statement that is no Allow")
        resources = as_list(statement.get("Resource", []))
        for action in as_list(statement.get("Action", [])):
            if not isinstance(action, str) or "*" in action or "?" in action or ":" not in action:
                self.wrong(f"{role}: a wildcard in action {action}")
                continue
            service, verb = action.split(":", 1)
            if service == "dynamodb":
                self.table_statement(name, role, verb, resources, statement.get("Condition"))
            else:
                self.other_statement(name, role, action, resources, statement.get("Condition"))

    def table_statement(self, name, role, verb, resources, condition):
        self.must(verb in TABLE_ACTIONS, f"{role}: dynamodb:{verb} is not needed by anybody")
        self.must(resources == [THE_TABLE], f"{role}: dynamodb:{verb} on something else than the table")
        keys = ((condition or {}).get("ForAllValues:StringLike") or {}).get("dynamodb:LeadingKeys") or []
        expected = {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": keys}, "Null": {"dynamodb:LeadingKeys": "false"}}
        self.must(bool(keys) and condition == expected, f"{role}: dynamodb:{verb} without exactly its keys as condition")
        for key in as_list(keys):
            self.must(isinstance(key, str) and KEY.fullmatch(key), f"{role}: {key!r} is no key and no prefix of keys")
            may = WRITES_PASSWORD_HASHES if verb == "PutItem" else SEES_PASSWORD_HASHES
            self.must(not str(key).startswith("CRED") or name in may, f"{role}: reaches password hashes")
            self.granted.add((name, key, verb))

    def other_statement(self, name, role, action, resources, condition):
        expected_condition = None
        if action == "kms:Decrypt":
            expected_condition = {"StringEquals": {"kms:ViaService": {"Fn::Sub": "secretsmanager.${AWS::Region}.amazonaws.com"}}}
        self.must(condition == expected_condition, f"{role}: {action} under another condition than expected")
        for resource in resources:
            target = None
            if isinstance(resource, dict) and set(resource) == {"Ref"} and resource["Ref"] in self.template["Parameters"]:
                target = resource["Ref"]
            elif isinstance(resource, dict) and set(resource) == {"Fn::GetAtt"} and resource["Fn::GetAtt"][1] == "Arn":
                target = resource["Fn::GetAtt"][0]
            elif resource == "*" and action.startswith("xray:"):
                target = "*"
            if target is None:
                self.wrong(f"{role}: {action} on {json.dumps(resource)}, which names no single resource")
            else:
                self.granted_others.add((name, target, action))

    def matrix(self):
        for title, granted, matrix in (
            ("key", self.granted, self.table_matrix),
            ("resource", self.granted_others, self.other_matrix),
        ):
            for function, what, action in sorted(granted - matrix):
                self.wrong(f"{function}: may {action} on {title} {what}, but docs/iam-matrix.txt does not say so")
            for function, what, action in sorted(matrix - granted):
                self.wrong(f"{function}: may not {action} on {title} {what}, but docs/iam-matrix.txt says so")
        for function, what, _ in self.table_matrix | self.other_matrix:
            self.must(function in ALL_FUNCTIONS, f"docs/iam-matrix.txt: {function} {what}: no such function")

    def other_policies(self):
        """The one policy that is not a role's: EventBridge hands events that it could not deliver to one queue."""
        for name, resource in self.resources.items():
            if resource["Type"] == "AWS::SQS::QueuePolicy":
                for statement in resource["Properties"]["PolicyDocument"]["Statement"]:
                    self.must(statement["Principal"] == {"Service": "events.amazonaws.com"}, f"{name}: somebody else than EventBridge may send")
                    self.must(statement["Action"] == ["sqs:SendMessage"], f"{name}: more than sending")
                    self.must(statement["Resource"] == {"Fn::GetAtt": ["SweeperDeadLetters", "Arn"]}, f"{name}: another queue")
                    rules = [{"Fn::GetAtt": [f"SweeperFunction{event}", "Arn"]} for event in self.functions["sweeper"][1]["Properties"]["Events"]]
                    self.must(statement.get("Condition") == {"ArnEquals": {"aws:SourceArn": rules}}, f"{name}: for others than the sweeper's rules")
            elif resource["Type"].endswith("Policy"):
                self.wrong(f"{name}: a policy that this check does not know")

    # ---- the API

    def template_routes(self):
        """{"GET /api/chat": "chat"}, {"/api/chat": "chat"} for all other methods, and who has the default route."""
        routes, other_methods, default = {}, {}, []
        for name, (_, resource) in self.functions.items():
            for event_name, event in resource["Properties"].get("Events", {}).items():
                if event["Type"] == "Schedule":
                    self.must(name == "sweeper", f"{name}: runs on a schedule")
                    continue
                self.must(event["Type"] == "HttpApi", f"{name}: {event_name} is a {event['Type']}")
                properties = event["Properties"]
                self.must(properties.get("ApiId") == {"Ref": "Api"}, f"{name}: {event_name} is on another API")
                self.must(properties.get("PayloadFormatVersion", "2.0") == "2.0", f"{name}: {event_name} has another payload version")
                if "Path" not in properties and "Method" not in properties:
                    default.append(name)
                    continue
                method, path = str(properties.get("Method")).upper(), properties.get("Path")
                route, into = (path, other_methods) if method == "ANY" else (f"{method} {path}", routes)
                self.must(route not in into, f"{route}: routed twice")
                into[route] = name
        return routes, other_methods, default

    def described_routes(self):
        """{"GET /api/chat": ("list_messages", "chat")} of openapi.yaml, whose tags are the functions."""
        return {
            f"{method.upper()} {path}": (operation.get("operationId"), (operation.get("tags") or [None])[0])
            for path, operations in self.openapi["paths"].items()
            for method, operation in operations.items()
            if method in METHODS
        }

    def routes(self):
        routes, other_methods, default = self.template_routes()
        described = self.described_routes()
        for route in sorted(set(described) - set(routes)):
            self.wrong(f"{route}: openapi.yaml has it, template.yaml does not route it")
        for route in sorted(set(routes) - set(described)):
            self.wrong(f"{route}: template.yaml routes it, openapi.yaml does not have it")
        for route in sorted(set(routes) & set(described)):
            self.must(described[route][1] == routes[route], f"{route}: goes to {routes[route]}, openapi.yaml tags it {described[route][1]}")
        by_path = {route.split(" ", 1)[1]: name for route, name in routes.items()}
        for path in sorted(set(by_path) | set(other_methods)):
            owner, other = by_path.get(path), other_methods.get(path)
            self.must(owner == other, f"{path}: its calls go to {owner}, all other methods to {other}")
        self.must(default == ["auth"], f"the default route goes to {default}, not to auth")
        apis = self.of_type("AWS::Serverless::HttpApi")
        self.must(set(apis) == {"Api"}, "there is not exactly one HTTP API, named Api")
        self.must("CorsConfiguration" not in apis["Api"]["Properties"], "Api: CORS is answered by the functions, not by the gateway")
        self.must("Auth" not in apis["Api"]["Properties"], "Api: tokens are checked by the functions, not by the gateway")

    def throttles(self):
        properties = self.resources["Api"]["Properties"]
        every = {"default": properties.get("DefaultRouteSettings", {}), **properties.get("RouteSettings", {})}
        for route, settings in every.items():
            self.must(route == "default" or route in self.template_routes()[0], f"{route}: has limits and no route")
            for limit in ("ThrottlingRateLimit", "ThrottlingBurstLimit"):
                self.must(bool(settings.get(limit)), f"{route}: has no {limit}")
        for route in ("POST /api/login", "POST /api/schedule", "POST /api/user", "PATCH /api/user", "PATCH /api/password"):
            self.must(route in every, f"{route}: has no limit of its own")

    def access_log(self):
        settings = self.resources["Api"]["Properties"].get("AccessLogSettings", {})
        self.must(settings.get("DestinationArn") == {"Fn::GetAtt": ["AccessLogs", "Arn"]}, "Api: has no access log")
        try:
            line = json.loads(settings.get("Format", ""))
        except ValueError:
            return self.wrong("Api: the access log is no JSON")
        known = {
            "requestId", "requestTime", "routeKey", "status", "responseLatency", "integrationLatency",
            "integrationErrorMessage", "responseLength", "identity.sourceIp",
        }
        for member, value in line.items():
            self.must(value.removeprefix("$context.") in known, f"Api: the access log's {member} may hold what clients typed")
        return None

    def address(self):
        """Which of the API, its domain and the firewall exist together."""
        api = self.resources["Api"]["Properties"]
        closed = {"Fn::If": ["DomainIsAtApi", True, False]}
        self.must(api.get("DisableExecuteApiEndpoint") == closed, "Api: AWS' own address stays on beside the domain")
        for name, condition in (("ApiDomain", "DomainIsAtApi"), ("ApiMapping", "DomainIsAtApi"), ("Firewall", "HasFirewall")):
            self.must(self.resources[name].get("Condition") == condition, f"{name}: does not depend on {condition}")
        for configuration in self.resources["ApiDomain"]["Properties"]["DomainNameConfigurations"]:
            self.must(configuration.get("SecurityPolicy") == "TLS_1_2", "ApiDomain: accepts TLS before 1.2")

    # ---- the rest

    def sweeper_has_dead_letters(self):
        properties = self.functions["sweeper"][1]["Properties"]
        queue = {"Fn::GetAtt": ["SweeperDeadLetters", "Arn"]}
        failure = properties.get("EventInvokeConfig", {}).get("DestinationConfig", {}).get("OnFailure", {})
        self.must(failure == {"Type": "SQS", "Destination": queue}, "sweeper: its failed runs go nowhere")
        rates = {}
        for event in properties.get("Events", {}).values():
            self.must(event["Properties"].get("DeadLetterConfig") == {"Arn": queue}, "sweeper: its undelivered events go nowhere")
            rates[event["Properties"].get("Schedule")] = json.loads(event["Properties"].get("Input", "{}"))
        expected = {"rate(1 minute)": {}, "rate(15 minutes)": {"action": "reconcile"}}
        self.must(rates == expected, f"sweeper: runs {rates}, not {expected}")
        self.must(self.resources["SweeperDeadLetters"]["Properties"].get("SqsManagedSseEnabled") is True, "SweeperDeadLetters: is not encrypted")

    def table(self):
        tables = self.of_type("AWS::DynamoDB::Table")
        self.must(set(tables) == {"Table"}, "there is not exactly one table, named Table")
        resource, properties = tables["Table"], tables["Table"]["Properties"]
        for policy in ("DeletionPolicy", "UpdateReplacePolicy"):
            self.must(resource.get(policy) == "Retain", f"Table: {policy} is not Retain")
        self.must("TableName" not in properties, "Table: has a fixed name, so it could never be replaced")
        self.must("GlobalSecondaryIndexes" not in properties and "LocalSecondaryIndexes" not in properties, "Table: has an index, which roles do not cover")
        expected = {
            "BillingMode": "PAY_PER_REQUEST",
            "DeletionProtectionEnabled": True,
            "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True},
            "SSESpecification": {"SSEEnabled": True, "SSEType": "KMS"},
            "TimeToLiveSpecification": {"AttributeName": "expires_at", "Enabled": True},
            "KeySchema": [{"AttributeName": "PK", "KeyType": "HASH"}, {"AttributeName": "SK", "KeyType": "RANGE"}],
        }
        for name, value in expected.items():
            self.must(properties.get(name) == value, f"Table: {name} is {properties.get(name)}, not {value}")

    def logs(self):
        groups = self.of_type("AWS::Logs::LogGroup")
        for name, group in groups.items():
            self.must(group["Properties"].get("RetentionInDays") == {"Ref": "LogRetentionDays"}, f"{name}: is kept for ever")
        for name, (logical_id, resource) in self.functions.items():
            group = resource["Properties"].get("LoggingConfig", {}).get("LogGroup", {}).get("Ref")
            self.must(group in groups and group == logical_id.replace("Function", "Logs"), f"{name}: has no log group of its own")

    def alarms(self):
        alarms = self.of_type("AWS::CloudWatch::Alarm")
        moves_back = {self.functions[name][0].replace("Function", "ErrorsAlarm") for name in BEHIND_THE_API}
        for name, alarm in alarms.items():
            told = [] if name in moves_back else [{"Ref": "AlarmTopic"}]
            self.must(alarm["Properties"].get("AlarmActions", []) == told, f"{name}: tells {'somebody' if name in moves_back else 'nobody'}")
            anchor = alarm["Properties"].get("AlarmDescription", "").rpartition("docs/operations.md#")[2]
            guide = ROOT / "docs/operations.md"
            headings = re.findall(r"^#+ (.+)$", guide.read_text(encoding="utf-8"), re.M) if guide.exists() else []
            anchors = {heading.strip().lower().replace(" ", "-") for heading in headings}
            self.must(anchor in anchors, f"{name}: docs/operations.md has no section #{anchor}")
        needed = {"ServerErrorsAlarm", "FunctionThrottlesAlarm", "RefusedLoginsAlarm", "TableThrottlesAlarm", "UnfinishedAgeAlarm", "OrphanChannelsAlarm", "DeadLettersAlarm"}
        needed |= {self.functions[name][0].replace("Function", "ErrorsAlarm") for name in BEHIND_THE_API | {"sweeper"}}
        self.must(needed <= set(alarms), f"alarms that are missing: {sorted(needed - set(alarms))}")
        self.must(len(self.of_type("AWS::CloudWatch::Dashboard")) == 1, "there is not exactly one dashboard")

    def own_metrics(self):
        """Alarms look for our own metrics by the function's name, so that two stacks do not hide each other's."""
        telemetry = (ROOT / "shared/src/platform/telemetry.rs").read_text(encoding="utf-8")
        for name in ("UnfinishedAgeAlarm", "OrphanChannelsAlarm"):
            properties = self.resources[name]["Properties"]
            by_function = [{"Name": "FunctionName", "Value": {"Ref": "SweeperFunction"}}]
            self.must(properties.get("Dimensions") == by_function, f"{name}: does not look for this stack's own metric")
            self.must(f'"{properties.get("Namespace")}"' in telemetry, f"shared/src/platform/telemetry.rs: has no namespace {properties.get('Namespace')}, which {name} looks for")
        self.must('"FunctionName"' in telemetry, "shared/src/platform/telemetry.rs: metrics have no dimension FunctionName (from AWS_LAMBDA_FUNCTION_NAME), which alarms look for")

    def secrets(self):
        for name, parameter in self.template["Parameters"].items():
            self.must(bool(parameter.get("Description")), f"{name}: has no description")
            if "Secret" in name and name.endswith("SecretArn"):
                self.must("Default" not in parameter, f"{name}: has a default")
                self.must(":secretsmanager:" in parameter.get("AllowedPattern", ""), f"{name}: accepts more than a secret's ARN")
        self.must(not self.of_type("AWS::SecretsManager::Secret"), "secrets are made outside of the template")
        self.must("{{resolve:" not in json.dumps(self.template), "a secret is resolved into the template")

    def environments(self):
        """Of samconfig.toml: `default` is what plain `sam deploy` takes, and must be dev."""
        self.must(self.samconfig.get("default") == self.samconfig.get("dev"), "samconfig.toml: default is not dev")
        self.must("prod" in self.samconfig, "samconfig.toml: has no prod")
        needed = {name for name, parameter in self.template["Parameters"].items() if "Default" not in parameter}
        for name, environment in self.samconfig.items():
            if name == "version":
                continue
            build, deploy = environment["build"]["parameters"], environment["deploy"]["parameters"]
            self.must(build.get("cached") is False, f"samconfig.toml: {name} caches builds, which misses changes in shared/")
            given = dict(override.split("=", 1) for override in deploy["parameter_overrides"])
            built = dict(override.split("=", 1) for override in build["parameter_overrides"])
            self.must(built == {"Architecture": given.get("Architecture")}, f"samconfig.toml: {name} builds for another processor than it deploys")
            unknown, missing = set(given) - set(self.template["Parameters"]), needed - set(given)
            self.must(not unknown, f"samconfig.toml: {name} gives {sorted(unknown)}, which the template does not have")
            self.must(not missing, f"samconfig.toml: {name} does not give {sorted(missing)}")

    def event_files(self):
        routes = self.template_routes()[0]
        for route, (operation, _) in self.described_routes().items():
            path = f"events/{routes.get(route)}/{operation}.json"
            event = self.events.get(path)
            if event is None:
                self.wrong(f"{path}: is missing")
                continue
            http = event.get("requestContext", {}).get("http", {})
            self.must(event.get("version") == "2.0", f"{path}: is not of version 2.0")
            self.must(event.get("routeKey") == route, f"{path}: its routeKey is not {route}")
            self.must(f"{http.get('method')} {http.get('path')}" == route, f"{path}: its request is not {route}")


    def local_template(self):
        """What `sam local invoke` takes: these functions, as they are built here, with the keys of the local server."""
        local = load(ROOT / "local/template.yaml")
        places = {name: resource["Properties"]["CodeUri"] for name, resource in local["Resources"].items()}
        built = {name: f"../.aws-sam/build/{name}" for name in self.of_type("AWS::Serverless::Function")}
        self.must(places == built, "local/template.yaml: its functions are not those of template.yaml")
        demo = (ROOT / "local/src/demo.rs").read_text(encoding="utf-8")
        for name in ("TOKEN_PUBLIC_KEYS", "TOKEN_SIGNING_KEY"):
            key = local["Globals"]["Function"]["Environment"]["Variables"][name]
            self.must(key in demo, f"local/template.yaml: {name} is not the one of local/src/demo.rs")


def read_events():
    return {
        str(path.relative_to(ROOT)): json.loads(path.read_text(encoding="utf-8"))
        for path in sorted((ROOT / "events").glob("*/*.json"))
    }


def prove(template, *others):
    """Breaks one thing at a time."""

    def statements(broken, role):
        return broken["Resources"][role]["Properties"]["Policies"][0]["PolicyDocument"]["Statement"]

    def keys(broken, role, index):
        return statements(broken, role)[index]["Condition"]["ForAllValues:StringLike"]["dynamodb:LeadingKeys"]

    def prop(broken, resource):
        return broken["Resources"][resource]["Properties"]

    ways = {
        "one more action": lambda t: statements(t, "ChatRole")[0]["Action"].append("dynamodb:DeleteItem"),
        "one more key": lambda t: keys(t, "ChatRole", 0).append("CAL#*"),
        "password hashes for chat": lambda t: keys(t, "ChatRole", 0).append("CRED#*"),
        "a wider prefix": lambda t: keys(t, "AuthRole", 2).__setitem__(0, "EMAIL*"),
        "any key": lambda t: keys(t, "ScheduleRole", 0).__setitem__(0, "*"),
        "no condition": lambda t: statements(t, "ScheduleRole")[0].pop("Condition"),
        "no refusal of requests without keys": lambda t: statements(t, "ScheduleRole")[0]["Condition"].pop("Null"),
        "one permission less": lambda t: keys(t, "UserRole", 0).pop(),
        "Scan": lambda t: statements(t, "UserRole")[0]["Action"].append("dynamodb:Scan"),
        "any action": lambda t: statements(t, "UserRole")[0]["Action"].append("dynamodb:*"),
        "any table": lambda t: statements(t, "UserRole")[0].__setitem__("Resource", "*"),
        "NotAction": lambda t: statements(t, "UserRole")[0].__setitem__("NotAction", []),
        "any secret": lambda t: statements(t, "AuthRole")[5].__setitem__("Resource", "*"),
        "the signing key for chat": lambda t: statements(t, "ChatRole").append(statements(t, "AuthRole")[5]),
        "a managed policy": lambda t: prop(t, "UserRole").__setitem__("ManagedPolicyArns", ["arn:aws:iam::aws:policy/AdministratorAccess"]),
        "a policy on the function": lambda t: prop(t, "UserFunction").__setitem__("Policies", "AmazonDynamoDBFullAccess"),
        "a shared role": lambda t: prop(t, "UserFunction").__setitem__("Role", prop(t, "ChatFunction")["Role"]),
        "a stranger's role": lambda t: prop(t, "UserRole")["AssumeRolePolicyDocument"]["Statement"][0]["Principal"].__setitem__("Service", "ec2.amazonaws.com"),
        "a route less": lambda t: prop(t, "ChatFunction")["Events"].pop("PostMessage"),
        "a path that does not know its other methods": lambda t: prop(t, "ChatFunction")["Events"].pop("Any"),
        "a route more": lambda t: prop(t, "TenantFunction").__setitem__("Events", {"Open": {"Type": "HttpApi", "Properties": {"ApiId": {"Ref": "Api"}, "Method": "POST", "Path": "/api/tenant"}}}),
        "a table that may be deleted": lambda t: prop(t, "Table").__setitem__("DeletionProtectionEnabled", False),
        "a table that goes with its stack": lambda t: t["Resources"]["Table"].__setitem__("DeletionPolicy", "Delete"),
        "a table without recovery": lambda t: prop(t, "Table").pop("PointInTimeRecoverySpecification"),
        "headers in the access log": lambda t: prop(t, "Api")["AccessLogSettings"].__setitem__("Format", '{"a":"$context.authorizer.error"}'),
        "log-ins without a limit": lambda t: prop(t, "Api")["RouteSettings"].pop("POST /api/login"),
        "log-ins at any number at once": lambda t: prop(t, "AuthFunction").pop("ReservedConcurrentExecutions"),
        "a token in the environment": lambda t: prop(t, "ScheduleFunction")["Environment"]["Variables"].__setitem__("IMAGEFLUX_ACCESS_TOKEN_SECRET", "t0ken"),
        "keys that would not be served": lambda t: prop(t, "ChatFunction").pop("VersionDescription"),
        "logs for ever": lambda t: prop(t, "ChatLogs").pop("RetentionInDays"),
        "password hashes for tenant": lambda t: keys(t, "TenantRole", 0).append("CRED#*"),
        "a deployment that nothing moves back": lambda t: prop(t, "ChatFunction")["DeploymentPreference"].pop("Alarms"),
        "an alarm that tells nobody": lambda t: prop(t, "DeadLettersAlarm").pop("AlarmActions"),
    }
    unnoticed = 0
    for way, breaks in ways.items():
        broken = copy.deepcopy(template)
        breaks(broken)
        errors = Check(broken, *others).run()
        print(f"{'noticed  ' if errors else 'UNNOTICED'}  {way}" + (f": {errors[0]}" if errors else ""))
        unnoticed += not errors
    return unnoticed


def main(arguments):
    for needed in ("template.yaml", "openapi.yaml", "docs/iam-matrix.txt", "samconfig.toml"):
        if not (ROOT / needed).exists():
            raise SystemExit(f"{needed} is missing: there is nothing to compare with")
    template, openapi = load(ROOT / "template.yaml"), load(ROOT / "openapi.yaml")
    matrix, events = read_matrix(ROOT / "docs/iam-matrix.txt"), read_events()
    samconfig = tomllib.loads((ROOT / "samconfig.toml").read_text(encoding="utf-8"))
    others = (openapi, matrix, events, samconfig)
    errors = Check(template, *others).run()
    for error in errors:
        print(error)
    if errors:
        return f"{len(errors)} errors"
    print(f"template.yaml: {len(matrix[0]) + len(matrix[1])} permissions, all of them in docs/iam-matrix.txt; routes, table, limits and logs as promised")
    if arguments == ["--prove"]:
        unnoticed = prove(template, *others)
        return f"{unnoticed} ways to break the template go unnoticed" if unnoticed else None
    return None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
