"""The local server as the checks here call it. URL says where it is; its demo tenant is whom they log in as."""

import json
import os
import urllib.request

URL = os.environ["URL"]
MASTER = {"email": "imageflux@example.com", "password": "Password123", "access_code": "0987654321"}
RENDITIONS = [{"durationSeconds": 1, "startTimeOffset": -2, "audio": {"bps": 64000}}]


def raw(method, path, body=None, token=None):
    """The answer's bytes, whatever they are."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(URL + path, method=method, data=data)
    request.add_header("Content-Type", "application/json")
    if token:
        request.add_header("Authorization", f"Bearer {token}")
    with urllib.request.urlopen(request) as response:
        return response.read()


def call(method, path, body=None, token=None):
    return json.loads(raw(method, path, body, token))
