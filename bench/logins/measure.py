"""Whether the time of a refused log-in tells why it was refused, and how much memory many log-ins at once take.

Starts the local server as `cargo build -p local` made it, on a free port and with a table in memory, and prints the tables
of docs/performance.md. Python's standard library alone. Linux only: it reads /proc, and each client has an address of its
own, 127.x.y.z.
"""

import argparse
import http.client
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse
from collections import Counter
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LOCAL = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "debug/local"
COLUMNS = (1, 5, 20)
# As many as the most that one address is in, one that is suspended, and one that none of the addresses is in.
TENANTS = max(COLUMNS) + 2
SUSPENDED, ELSEWHERE = TENANTS - 2, TENANTS - 1
AT_ONCE = 64
# What is answered when the table takes too long.
BUSY = 503
# Below the 100 failures after which an address is closed.
MOST_ROUNDS = 90
DEMO = {"email": "imageflux@example.com", "password": "Password123", "access_code": "0987654321"}
WRONG = {"password": "no such password", "access_code": "no such code"}


class Failure(Exception):
    """Something is not as it must be; the text says what."""


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=["times", "memory"])
    parser.add_argument("--rounds", type=int, default=60, help=f"log-ins of each cell, {MOST_ROUNDS} at the most")
    options = parser.parse_args()
    if not 2 <= options.rounds <= MOST_ROUNDS:
        raise Failure(f"--rounds: from 2 to {MOST_ROUNDS}")
    with server() as local:
        if options.what == "memory":
            print_memory(local)
            return
        answered, worked = measure_times(local, options.rounds)
    print(f"Until the answer, {options.rounds} log-ins of each cell:\n")
    print_times(answered)
    print("\nThe server's time on a processor for the same log-ins:\n")
    print_times(worked)


class Local:
    """The running server."""

    def __init__(self, port, pid):
        self.port, self.pid = port, pid

    @contextmanager
    def client(self, source):
        """One connection from an address of this machine."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120, source_address=(source, 0))
        try:
            connection.connect()
            yield connection
        finally:
            connection.close()

    def invoke_tenant(self, event):
        """What the operator does."""
        with self.client("127.0.0.1") as client:
            status, answer = ask(client, "POST", "/2015-03-31/functions/tenant/invocations", event)
        if status != 200 or "errorMessage" in answer:
            raise Failure(f"{event['action']}: {status} {answer}")
        return answer

    def cpu_ms(self):
        """How long all its threads, of now and before, were on a processor: Linux's clock of another process."""
        return time.clock_gettime(~self.pid << 3 | 2) * 1000

    def memory_mb(self, line):
        for text in Path(f"/proc/{self.pid}/status").read_text().splitlines():
            if text.startswith(f"{line}:"):
                return int(text.split()[1]) / 1024
        raise Failure(f"/proc tells no {line}")


@contextmanager
def server():
    """A server with nothing but the demo tenant. It is ended by its id."""
    if not LOCAL.exists():
        raise Failure(f"{LOCAL} is not there: cargo build -p local")
    with tempfile.NamedTemporaryFile("w+", prefix="local-") as output:
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR") if name in os.environ}
        process = subprocess.Popen(
            [LOCAL, "--listen", "127.0.0.1:0"], env=kept, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT
        )
        try:
            yield Local(port_of(process, output.name), process.pid)
        finally:
            process.kill()
            process.wait()


def port_of(process, output):
    until = time.monotonic() + 60
    while time.monotonic() < until and process.poll() is None:
        for line in Path(output).read_text().splitlines():
            if line.startswith("ready on "):
                return urllib.parse.urlsplit(line.removeprefix("ready on ")).port
        time.sleep(0.02)
    raise Failure(f"the local server does not start:\n{Path(output).read_text()}")


def ask(client, method, path, body=None, token=""):
    headers = {"content-type": "application/json"} | ({"authorization": f"Bearer {token}"} if token else {})
    client.request(method, path, json.dumps(body) if body is not None else None, headers)
    answer = client.getresponse()
    text = answer.read()
    return answer.status, json.loads(text)


def log_in(client, form):
    """Milliseconds until the whole answer is there, and its status."""
    asked = time.perf_counter()
    status, _ = ask(client, "POST", "/api/login", form)
    return (time.perf_counter() - asked) * 1000, status


# The times.


class Tenants:
    """Tenants, each with a code of its own, and a connection that makes users in all of them."""

    def __init__(self, local, client):
        self.local, self.client = local, client
        self.ids, self.tokens = [], []
        for number in range(TENANTS):
            master = {"name": "master", "email": f"master-{number}@example.jp", "password": "Password-master"}
            event = {"action": "create_tenant", "name": f"tenant {number}", "access_code": code_of(number), "master": master}
            self.ids.append(local.invoke_tenant(event)["tenant_id"])
            form = {"email": master["email"], "password": master["password"], "access_code": code_of(number)}
            self.tokens.append(self.must(200, "POST", "/api/login", form)["token"])

    def must(self, expected, method, path, body=None, token=""):
        status, answer = ask(self.client, method, path, body, token)
        if status != expected:
            raise Failure(f"{method} {path}: {status} {answer}")
        return answer

    def add(self, email, members):
        """The address becomes a user of each, with a password of its own in each."""
        for number in members:
            user = {"name": "user", "email": email, "password": password_of(number)}
            may = {"delivery": False, "view": True, "schedule": False, "user": False}
            answer = self.must(200, "POST", "/api/user", user | may, self.tokens[number])
            yield number, answer["user_id"]

    def remove(self, users):
        for number, user in users:
            self.must(200, "DELETE", f"/api/user?user_id={user}", token=self.tokens[number])


def code_of(number):
    return f"code of tenant {number}"


def password_of(number):
    return f"password in tenant {number}"


def upper(form):
    return form | {"email": form["email"].upper(), "password": WRONG["password"]}


# What the address is, and what is sent instead of the right three of the first of its tenants.
CLASSES = [
    ("unknown address", "unknown", lambda form: form),
    ("known address, wrong password, wrong code", "known", lambda form: form | WRONG),
    ("right password, wrong code", "known", lambda form: form | {"access_code": WRONG["access_code"]}),
    ("right code, wrong password", "known", lambda form: form | {"password": WRONG["password"]}),
    ("right code, a password too short to be one", "known", lambda form: form | {"password": "x"}),
    ("right code, a password of 5000 characters", "known", lambda form: form | {"password": "x" * 5000}),
    ("right password, code of another tenant of the address", "known", lambda form: form | {"access_code": code_of(1)}),
    ("right password, code of a tenant without the address", "known", lambda form: form | {"access_code": code_of(ELSEWHERE)}),
    ("address in upper case, right code, wrong password", "known", upper),
    ("all three right, the tenant is suspended", "suspended", lambda form: form),
    ("all three right once, the user is deleted everywhere", "deleted", lambda form: form),
]
OF_ONE_OF_MANY = 6


def measure_times(local, rounds):
    """For each class and column a list with a time for each round: until the answer, and on a processor."""
    with local.client("127.0.0.1") as client:
        tenants = Tenants(local, client)
        forms = {
            (row, column): make(tenants, row, column)
            for row in range(len(CLASSES))
            for column in COLUMNS
            if not (row == OF_ONE_OF_MANY and column == 1)
        }
    local.invoke_tenant({"action": "suspend_tenant", "tenant_id": tenants.ids[SUSPENDED]})
    answered, worked = {cell: [] for cell in forms}, {cell: [] for cell in forms}
    # The same order of the same cells whenever it is run, and another in each round.
    order = random.Random(1)
    cells = list(forms)
    for number in range(rounds):
        order.shuffle(cells)
        # From a new place each time: no pair and no source comes near its limit.
        with local.client(f"127.0.1.{number + 1}") as client:
            ask(client, "GET", "/api/health")
            for cell in cells:
                before = local.cpu_ms()
                milliseconds, status = log_in(client, forms[cell])
                worked[cell].append(local.cpu_ms() - before)
                if status != 401:
                    raise Failure(f"{CLASSES[cell[0]][0]}, {cell[1]} tenants: {status}, not 401")
                answered[cell].append(milliseconds)
    return answered, worked


def make(tenants, row, column):
    """An address for this cell alone, so that all have failed equally often; answers the form to send."""
    _, kind, change = CLASSES[row]
    email = f"user-{row}-{column}@example.jp"
    members = [SUSPENDED, *range(column - 1)] if kind == "suspended" else range(column)
    users = [] if kind == "unknown" else list(tenants.add(email, members))
    if kind == "deleted":
        tenants.remove(users)
    first = members[0]
    return change({"email": email, "password": password_of(first), "access_code": code_of(first)})


def print_times(times):
    middle = [statistics.median(values) for values in zip(*times.values(), strict=True)]
    relative = {cell: [value / all_of_it for value, all_of_it in zip(values, middle)] for cell, values in times.items()}
    unknown = [value for column in COLUMNS for value in relative[0, column]]
    print("| what is wrong | " + " | ".join(f"in {column} tenant{'s' * (column > 1)} | slower" for column in COLUMNS) + " |")
    print("| --- |" + " ---: |" * (2 * len(COLUMNS)))
    for row, (name, _, _) in enumerate(CLASSES):
        texts = [cell_text(times.get((row, column)), relative.get((row, column)), unknown) for column in COLUMNS]
        print(f"| {name} | " + " | ".join(texts) + " |")


def cell_text(values, relative, unknown):
    if values is None:
        return "– | –"
    low, median, high = statistics.quantiles(values, n=4)
    return f"{median:.1f} ms ({low:.1f}–{high:.1f}) | {share_slower(relative, unknown):.0%}"


def share_slower(values, others):
    """Of all pairs of one of these and one of those, how many have the slower one here."""
    wins = sum((value > other) + (value == other) / 2 for value in values for other in others)
    return wins / (len(values) * len(others))


# The memory.


def print_memory(local):
    with local.client("127.0.0.1") as client:
        started = local.memory_mb("VmRSS")
        _, status = log_in(client, DEMO)
    if status != 200:
        raise Failure(f"the demo tenant's log-in is answered {status}")
    print(f"Resident memory of the local server, {os.cpu_count()} processors:\n")
    print("| when | answers | the most memory so far |")
    print("| --- | --- | ---: |")
    print(f"| started | | {started:.0f} MB |")
    print(f"| one log-in | 200 | {local.memory_mb('VmHWM'):.0f} MB |")
    for what, form, expected in [("right", DEMO, 200), ("wrong", DEMO | WRONG, 401)]:
        answers, seconds = log_in_at_once(local, form)
        if set(answers) - {expected, BUSY}:
            raise Failure(f"{AT_ONCE} log-ins at once are answered {answers}")
        text = ", ".join(f"{count} × {status}" for status, count in sorted(answers.items()))
        print(f"| {AT_ONCE} log-ins at once, all {what}, in {seconds:.1f} s | {text} | {local.memory_mb('VmHWM'):.0f} MB |")


def log_in_at_once(local, form):
    """How many were answered with which status, and after how many seconds the last. Each is from a place of its own."""
    barrier = threading.Barrier(AT_ONCE + 1, timeout=60)
    statuses = []

    def one(number):
        with local.client(f"127.0.2.{number + 1}") as client:
            barrier.wait()
            statuses.append(log_in(client, form)[1])

    threads = [threading.Thread(target=one, args=(number,)) for number in range(AT_ONCE)]
    for thread in threads:
        thread.start()
    barrier.wait()
    begun = time.perf_counter()
    for thread in threads:
        thread.join()
    if len(statuses) != AT_ONCE:
        raise Failure(f"of {AT_ONCE} log-ins at once {len(statuses)} are answered")
    return Counter(statuses), time.perf_counter() - begun


if __name__ == "__main__":
    try:
        main()
    except Failure as failure:
        sys.exit(f"FAILED: {failure}")
