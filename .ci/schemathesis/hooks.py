"""Who calls, on what, and which refusals of valid data are no failure.

URL says where the server is. The caller is a user of the demo tenant with every permission, made for this run: not
the master, whom nobody else may change; and it never changes itself, so that its token lives as long as the run.
"""

import itertools
import os

import schemathesis
from local_server import MASTER, RENDITIONS, call

CALLER = {"email": f"conformance-{os.getpid()}@example.jp", "password": "Password456"}
PERMISSIONS = {"delivery": True, "view": True, "schedule": True, "user": True}
# The description's examples. What they name is made when it is asked for.
EXAMPLE_SCHEDULE = "1234abcd-1234-abcd-5678-1234abcd5678"
EXAMPLE_USER = 15

numbers = itertools.count(1)


def log_in(user):
    return call("POST", "/api/login", {**user, "access_code": MASTER["access_code"]})["token"]


master_token = log_in(MASTER)
caller = call("POST", "/api/user", {"name": "conformance", **CALLER, **PERMISSIONS}, master_token)["user_id"]
caller_token = log_in(CALLER)


def plan():
    """A broadcast that somebody publishes, a century away from the others."""
    day = f"{2100 + next(numbers)}-01-01"
    schedule = {
        "name": "conformance",
        "start_datetime": f"{day} 00:00:00",
        "end_datetime": f"{day} 01:00:00",
        "imageflux_params": RENDITIONS,
    }
    schedule_id = call("POST", "/api/schedule", schedule, caller_token)["schedule_id"]
    channel = call("GET", f"/api/delivery?schedule_id={schedule_id}", None, caller_token)["channel_id"]
    call("POST", "/simulator/publish", {"channel_id": channel})
    return schedule_id


def make_user():
    user = {"name": "conformance", "email": f"made-{os.getpid()}-{next(numbers)}@example.jp", "password": "Password456"}
    return call("POST", "/api/user", {**user, **PERMISSIONS}, caller_token)["user_id"]


@schemathesis.auth(refresh_interval=None)
class Caller:
    def get(self, case, context):
        # A token works for one log-out.
        return log_in(CALLER) if case.operation.path == "/api/logout" else caller_token

    def set(self, case, data, context):
        case.headers = case.headers or {}
        case.headers["Authorization"] = f"Bearer {data}"


@schemathesis.hook
def before_call(context, case, kwargs):
    for members in (case.body, case.query):
        if not isinstance(members, dict):
            continue
        in_order(members)
        if is_valid(case) and "tail" in members:
            # Only one of the two may be sent, which no schema can say.
            members.pop("after", None)
        if members.get("schedule_id") == EXAMPLE_SCHEDULE:
            members["schedule_id"] = plan()
        user = str(members.get("user_id"))
        if user == str(EXAMPLE_USER):
            members["user_id"] = make_user()
        elif user in (str(caller), f"{caller}.0") and case.operation.path == "/api/user":
            members["user_id"] = 1_000_000


def is_valid(case):
    """Whether the case was made to be valid by the schema."""
    return case.meta is not None and case.meta.generation.mode.is_positive


def in_order(members):
    """Of two random times the first is the later one half of the time; most of these broadcasts shall be possible."""
    start, end = members.get("start_datetime"), members.get("end_datetime")
    if isinstance(start, str) and isinstance(end, str) and sortable(start) > sortable(end) and next(numbers) % 4:
        members["start_datetime"], members["end_datetime"] = end, start


def sortable(datetime):
    return datetime.replace("/", "-").replace("T", " ")


# What no schema can say: one value depends on another, or on what was answered or sent before.
BEYOND_SCHEMAS = {"not_after_start", "not_a_cursor"}


@schemathesis.check
def refuses_valid_data_for_a_reason(ctx, response, case):
    """The configuration lets valid data be answered 422; here is why that may be."""
    if response.status_code != 422 or not is_valid(case):
        return
    problem = response.json()
    if problem["code"] in ("idempotency_key_reused", "imageflux_rejected"):
        return
    reasons = {(error["field"], error["code"]) for error in problem["errors"]}
    unexplained = {reason for reason in reasons if not explained(case.body, *reason)}
    assert not unexplained, f"valid data refused: {unexplained}"


def explained(body, field, code):
    if code in BEYOND_SCHEMAS:
        return True
    name = field.split("[")[0].split(".")[0]
    value = body.get(name) if isinstance(body, dict) else None
    # A string may hold the renditions as JSON; schemas do not look inside of it.
    if name == "imageflux_params" and isinstance(value, str):
        return True
    # 7.0 is an integer for a schema, but not for the product.
    return code == "wrong_type" and any(isinstance(part, float) for part in parts(value))


def parts(value):
    if isinstance(value, (dict, list)):
        for part in value.values() if isinstance(value, dict) else value:
            yield from parts(part)
    else:
        yield value
