"""Events as no document describes them, with what each is answered: an odd gateway's, an emulator's, a test button's, a person's.

Whatever stands in an event, the function answers it, and its process lives on.
"""

import base64
import json

CREDENTIALS = {"email": "imageflux@example.com", "password": "Password123", "access_code": "0987654321"}
LOGIN = json.dumps(CREDENTIALS)
# More than one line of base64, with letters that the two alphabets spell differently.
PADDED = json.dumps(CREDENTIALS | {"padding": "???>>>~~~ÿÿÿ" * 20}, ensure_ascii=False).encode()


def payload_2(method, path, body=None, query="", **headers):
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    http = {"method": method, "path": path, "protocol": "HTTP/1.1", "sourceIp": "192.0.2.1", "userAgent": ""}
    context = {"http": http, "requestId": "hostile", "stage": "$default", "domainName": "x.example"}
    return {"version": "2.0", "routeKey": "$default", "rawPath": path, "rawQueryString": query,
            "headers": {"content-type": "application/json"} | named, "requestContext": context,
            "body": body, "isBase64Encoded": False}


def payload_1(method, path, body=None, **headers):
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    context = {"requestId": "hostile", "stage": "prod", "path": f"/prod{path}", "identity": {"sourceIp": "192.0.2.1"}}
    return {"path": path, "httpMethod": method, "headers": {"Content-Type": "application/json"} | named,
            "requestContext": context, "body": body, "isBase64Encoded": False}


HOSTS = ["1234567890.execute-api.{dns_suffix}", "h.jp:99999", "256.256.256.256", "[[", "a b", ""]
PROTOCOLS = ["https,http", "", ":"]
QUERIES = ["x=a b", 'x="a"', "x=[1]", "x={a}", "x=%", "x=\u3042", "x=\u0000\n", "#x", "a|b\\c^`"]
ELSEWHERE = ["/$default/api/login", "/x/%2e%2e/api/login", "/x/../api/login", "/api\\login", "/api/login#x", "/api/%6cogin", "/API/login", ""]
MOVED = ["//api/login", "/api/login/", "/api//login///"]
NO_REQUESTS = [None, {}, [], "x", 5, {"version": "2.0"}, {"httpMethod": "GET"}, {"requestContext": {"http": 1}}, {"key1": "value1"}]


def packed(body):
    return payload_2("POST", "/api/login", body) | {"isBase64Encoded": True}


def of_auth():
    """What `auth` is asked, and the status of the answer."""
    for payload in (payload_1, payload_2):
        for host in HOSTS:
            event = payload("GET", "/api/health", host=host)
            event["requestContext"]["domainName"] = host
            yield event, 200
        for protocol in PROTOCOLS:
            yield payload("GET", "/api/health", x_forwarded_proto=protocol), 200
        for path in ELSEWHERE:
            yield payload("POST", path, LOGIN), 404
        for path in MOVED:
            yield payload("POST", path, LOGIN), 308
        yield payload("HEAD", "/api/health"), 200
        yield payload("OPTIONS", "/api/login", origin="[[", access_control_request_headers="x-trace"), 204
        yield payload("POST", "/api/login", LOGIN, content_encoding="gzip"), 415
        yield payload("GET", "/api/health") | {"headers": None, "multiValueHeaders": ["x"]}, 200
        yield payload("G T", "/api/health"), 400
        yield payload("POST", "/api/login", {"email": 1, "password": None}), 422
    for query in QUERIES:
        yield payload_2("GET", "/api/health", query=query), 200
    wrapped = base64.encodebytes(PADDED).decode().replace("\n", "\r\n")
    yield packed(wrapped), 200
    yield packed(base64.urlsafe_b64encode(PADDED).decode().rstrip("=")), 200
    for no_base64 in (LOGIN, "a", "====", "\u3042"):
        yield packed(no_base64), 400
    twice = "".join(f'"x{number}":0,"x{number}":0,' for number in range(60))
    yield payload_2("POST", "/api/login", "{" + twice + LOGIN[1:], accept_encoding="gzip"), 422


def of(function):
    """Texts of events for one function, each with a status; without one where the function is behind no API."""
    is_api = function not in ("tenant", "sweeper")
    for event in NO_REQUESTS:
        yield json.dumps(event), 400 if is_api else None
    # JSON that no parser of a depth of 128 reads, and text that is no Unicode.
    if is_api:
        yield "[" * 10_000 + "]" * 10_000, 400
        yield '{"body": "\\ud800"}', 400
    else:
        yield '{"action": "\\u0000 nothing of ours"}', None
    if function == "auth":
        for event, status in of_auth():
            yield json.dumps(event), status
