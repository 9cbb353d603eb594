"""An audience before several environments that share nothing but one table.

    cargo build --release -p local && python3 bench/audience/measure.py [--environments 4] [--viewers 500] [--talkers 50] [--seconds 60]

`--program` measures another build of the local server, e.g. that of a version before.

Each environment is a process of the local server, with its own memory, on the table and the simulated ImageFlux of a first one,
which serves nobody. Viewers poll the chat as `poll_after_ms` says, each at any environment each time; every fifth also asks for
the video as `Retry-After` says. Talkers say something every ten seconds. What environments ask of the table goes through a
counter of keys. Ten users share all the seats, because log-ins are not what is measured. Python's standard library alone.
"""

import argparse
import asyncio
import json
import random
import re
import statistics
import sys
import time
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / ".ci/emulator"))
from host import TARGET, Local, Process, demo_constant, environment, wait_for  # noqa: E402

USERS = 10
POLLS = ("GET /api/chat", "GET /api/view")


class Environment(Process):
    def __init__(self, program, table, imageflux):
        variables = environment(AWS_ENDPOINT_URL_DYNAMODB=table, IMAGEFLUX_ENDPOINT=imageflux, IMAGEFLUX_ACCESS_TOKEN="simulated", PUBLISH_WITHOUT_TOKEN="always")
        super().__init__([program, "--listen", "127.0.0.1:0"], env=variables)
        wait_for("an environment starts", 60, lambda: "\ntry:" in self.text() or not self.is_running())
        found = re.search(r"^ready on (\S+)$", self.text(), re.MULTILINE)
        if not found:
            sys.exit(self.text())
        self.address = found[1].removeprefix("http://").split(":")


async def read_message(reader):
    """Head and body of a request or an answer."""
    head = await reader.readuntil(b"\r\n\r\n")
    length = re.search(rb"(?i)\r\ncontent-length: *(\d+)", head)
    return head, await reader.readexactly(int(length[1]) if length else 0)


class KeyCounter:
    """Stands between the environments and the table, and counts how often each partition key is read."""

    def __init__(self, table):
        self.host, self.port = table.removeprefix("http://").split(":")
        self.reads = Counter()

    async def serve(self, reader, writer):
        there_reader, there_writer = await asyncio.open_connection(self.host, int(self.port))
        try:
            while True:
                head, body = await read_message(reader)
                self.count(head, body)
                there_writer.write(head + body)
                head, body = await read_message(there_reader)
                writer.write(head + body)
                await writer.drain()
        except (asyncio.IncompleteReadError, asyncio.CancelledError, ConnectionError):
            pass
        finally:
            there_writer.close()
            writer.close()

    def count(self, head, body):
        asked = json.loads(body or b"{}")
        if b".GetItem" in head:
            self.reads[asked["Key"]["PK"]["S"]] += 1
        elif b".Query" in head:
            self.reads[asked["ExpressionAttributeValues"][":pk"]["S"]] += 1
        elif b".BatchGetItem" in head:
            for table in asked["RequestItems"].values():
                self.reads.update(key["PK"]["S"] for key in table["Keys"])


class Client:
    """One person, with a connection to each environment."""

    def __init__(self, addresses, token=None):
        self.addresses, self.token, self.connections = addresses, token, {}

    async def ask(self, method, path, body=None):
        """Status, head and JSON; the environment is any."""
        address = tuple(random.choice(self.addresses))
        if address not in self.connections:
            self.connections[address] = await asyncio.open_connection(address[0], int(address[1]))
        reader, writer = self.connections[address]
        content = json.dumps(body).encode() if body is not None else b""
        head = f"{method} {path} HTTP/1.1\r\nHost: {address[0]}\r\nContent-Length: {len(content)}\r\n"
        head += "Content-Type: application/json\r\n" if content else ""
        head += f"Authorization: Bearer {self.token}\r\n" if self.token else ""
        writer.write(head.encode() + b"\r\n" + content)
        head, answer = await read_message(reader)
        return int(head.split(b" ", 2)[1]), head, json.loads(answer or b"null")


class Bench:
    def __init__(self, schedule, seconds):
        self.schedule, self.end = schedule, time.monotonic() + seconds
        self.times, self.posted, self.failed = [], set(), Counter()

    async def timed(self, client, *request):
        began = time.monotonic()
        status, head, answer = await client.ask(*request)
        self.times.append(time.monotonic() - began)
        if status not in (200, 404):
            self.failed[status] += 1
        return status, head, answer

    async def watch_chat(self, client):
        """Everything the viewer was given, in order."""
        given, cursor, paused = [], "", random.uniform(0, 2)
        while True:
            is_last = time.monotonic() + paused > self.end
            await asyncio.sleep(min(paused, max(self.end - time.monotonic(), 0)) if not is_last else max(self.end + 2 - time.monotonic(), 0))
            status, _, answer = await self.timed(client, "GET", f"/api/chat?schedule_id={self.schedule}{cursor and '&after='}{cursor}")
            if status == 200:
                given += [chat["body"] for chat in answer["chats"]]
                cursor, paused = answer["next_cursor"], answer["poll_after_ms"] / 1000
            if is_last and status == 200:
                return given

    async def watch_view(self, client):
        paused = random.uniform(0, 2)
        while time.monotonic() + paused < self.end:
            await asyncio.sleep(paused)
            _, head, _ = await self.timed(client, "GET", f"/api/view?schedule_id={self.schedule}")
            found = re.search(rb"(?i)\r\nretry-after: *(\d+)", head)
            paused = int(found[1]) if found else 2

    async def talk(self, client):
        await asyncio.sleep(random.uniform(0, 10))
        while time.monotonic() < self.end - 1:
            body = f"こんにちは {random.getrandbits(64)}"
            status, _, _ = await self.timed(client, "POST", "/api/chat", {"schedule_id": self.schedule, "body": body})
            if status == 200:
                self.posted.add(body)
            await asyncio.sleep(10)


async def log_in(addresses, email, password):
    client = Client(addresses)
    status, _, answer = await client.ask("POST", "/api/login", {"email": email, "password": password, "access_code": demo_constant("ACCESS_CODE")})
    assert status == 200, answer
    client.token = answer["token"]
    return client


async def people(addresses):
    """A schedule's id and the tokens of some who may view it."""
    master = await log_in(addresses, demo_constant("EMAIL"), demo_constant("PASSWORD"))
    start = time.time() + 9 * 3600 + 60
    at = lambda seconds: time.strftime("%Y/%m/%d %H:%M:%S", time.gmtime(start + seconds))  # noqa: E731
    hls = [{"durationSeconds": 1, "startTimeOffset": -2, "audio": {"bps": 64000}}]
    status, _, made = await master.ask("POST", "/api/schedule", {"name": "bench", "start_datetime": at(0), "end_datetime": at(3600), "imageflux_params": hls})
    assert status == 200, made
    tokens = []
    for number in range(USERS):
        email, password = f"viewer{number}@example.jp", "Password123"
        user = {"name": f"viewer {number}", "email": email, "password": password, "delivery": False, "view": True, "schedule": False, "user": False}
        status, _, answer = await master.ask("POST", "/api/user", user)
        assert status == 200, answer
        tokens.append((await log_in(addresses, email, password)).token)
    return made["schedule_id"], tokens


def lines(environments):
    for environment in environments:
        for line in environment.text().splitlines():
            if line.startswith("{"):
                yield json.loads(line)


async def measure(environments, counter, options):
    addresses = [environment.address for environment in environments]
    schedule, tokens = await people(addresses)
    counter.reads.clear()
    bench = Bench(schedule, options.seconds)
    client = lambda number: Client(addresses, tokens[number % USERS])  # noqa: E731
    viewers = [bench.watch_chat(client(number)) for number in range(options.viewers)]
    others = [bench.watch_view(client(number)) for number in range(0, options.viewers, 5)]
    others += [bench.talk(client(number)) for number in range(options.talkers)]
    given, _ = await asyncio.gather(asyncio.gather(*viewers), asyncio.gather(*others))
    report(bench, counter, given, list(lines(environments)), options)


def report(bench, counter, given, logged, options):
    polls = [line for line in logged if line.get("route") in POLLS]
    units = sum(line["table"]["read_units"] for line in polls) / len(polls)
    shared = Counter({key: count for key, count in counter.reads.items() if not key.startswith("PASS#")})
    hottest, reads = shared.most_common(1)[0]
    times = sorted(bench.times)
    at = lambda part: f"{1000 * times[int(part * (len(times) - 1))]:.0f} ms"  # noqa: E731
    rows = {
        "requests a second": f"{len(times) / options.seconds:.0f}",
        "half of the answers within": at(0.5),
        "99 of 100 within": at(0.99),
        "read units a poll": f"{units:.2f}",
        f"reads a second of the hottest key that all share ({hottest.split('#')[0]}#)": f"{reads / options.seconds:.1f}",
        "questions to ImageFlux": sum(line["imageflux"]["calls"] for line in polls if "imageflux" in line),
        "messages": len(bench.posted),
        "lost, over all viewers": sum(len(bench.posted - set(seen)) for seen in given),
        "doubled, over all viewers": sum(len(seen) - len(set(seen)) for seen in given),
        "other answers than 200 and 404": dict(bench.failed) or 0,
    }
    print(f"{options.viewers} viewers, {options.talkers} talkers, {options.environments} environments, {options.seconds} s\n\n| | |\n| --- | --- |")
    print("\n".join(f"| {name} | {figure} |" for name, figure in rows.items()))
    print(f"\nmean {1000 * statistics.mean(times):.0f} ms")


async def run(options):
    with Local(options.program) as first:
        counter = KeyCounter(first.table)
        server = await asyncio.start_server(counter.serve, "127.0.0.1", 0)
        table = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        environments = []
        try:
            # In a thread, because what they ask first goes through the counter.
            for _ in range(options.environments):
                environments.append(await asyncio.to_thread(Environment, options.program, table, first.imageflux))
            await measure(environments, counter, options)
        finally:
            for environment in environments:
                environment.end()
            server.close()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name, default in (("environments", 4), ("viewers", 500), ("talkers", 50), ("seconds", 60)):
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--program", type=Path, default=TARGET / "release/local")
    asyncio.run(run(parser.parse_args()))


if __name__ == "__main__":
    main()
