#!/usr/bin/env python3
"""Makes a sample of small mistakes, one at a time, and says which of them the tests notice.

    sample.py build <copy> <every> [<first>]   plants every so-manieth mistake, and builds all tests
    sample.py tests <copy>                     builds the tests again, after some were added to the copy
    sample.py reach <copy>                     runs every new test once: which places does it reach?
    sample.py run <copy> [<number>...]         makes each mistake, runs the tests that reach it until one fails

The copy is a checkout of its own, committed, with its own `target`; what is learned is kept in `<copy>/target/sample`.
"""

import collections
import concurrent.futures
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).parent
AT_ONCE = int(os.environ.get("AT_ONCE", "2"))
# A test that takes so long hangs, which is noticed too.
LONGEST = 150
# So many tests are tried on one mistake, in this order: what is about its file, what reaches few places, what is quick.
MOST = int(os.environ.get("MOST", "40"))
# The tests about a file, where they are not called as it is: what a person would run who changed it.
ABOUT = {
    "address": "login_locks|standing|requests", "compression": "long_answers|get_calendar|gzip|compress", "cursor": "list_|queries",
    "edge": "requests|errors|what_is_kept|events|get_health|logs|audience|lines|long_answers", "event": "events|requests|queries",
    "fields": "values|requests|queries", "form": "values|queries|requests", "given": "values|update_|renditions",
    "icalendar": "calendar", "json": "requests|values|random_bodies", "pages": "list_|bounds|long|takes",
    "refusal": "errors|requests|upstream_failures", "request": "requests|events|errors", "response": "requests|list_",
    "routes": "requests|contract", "weights": "requests|long", "en": "errors|values", "ja": "errors|values",
    "reason": "upstream_failures|creates", "transport": "imageflux::|upstream_failures",
    "webhooks": "record_event|may_publish", "admission": "permissions|standing|tokens|tenants",
    "broadcasts": "get_delivery|reset_delivery|retired|lost_answers", "chat": "list_messages|bounds", "posting": "post_message",
    "feeds": "calendar", "listing": "list_schedules|calendar_reads", "locks": "login_locks|failures",
    "asking": "get_view|watch|record_event", "on_air": "get_view|watch|record_event|list_schedules", "passwords": "change_password|change_access_code|update_user",
    "viewing": "get_view|watch", "reading": "list_messages|tenants|get_view", "error": "errors|upstream",
    "channels": "retired|upstream|lost_answers|bounds", "gaps": "schedule_|sweeping|create_schedule",
    "moves": "update_schedule|schedule_|list_schedules|lists", "reservations": "lost_answers|sweeping|create_schedule",
    "schedules": "schedule", "sessions": "login|logout", "keys": "store|tenants|standing", "orphans": "lists|reconciling",
    "hooks": "secrets|record_event|may_publish|retired", "rates": "chat::|post_message", "messages": "chat::|list_messages",
    "standings": "users::|standing|tokens", "credentials": "secrets|change_password|login",
    "attempts": "repetitions|retry_budget", "dynamodb": "repetitions|batches|transactions|requests",
    "expression": "requests|transactions", "faults": "repetitions|transactions", "same_bytes": "transactions",
    "write": "repetitions|late", "query": "requests|table", "lib": "sweeping|tenants|bounds|reconciling|may_publish",
}


def cargo(copy, *arguments):
    command = ["cargo", "test", "--workspace", "--no-run", "--message-format", "json", *arguments]
    done = subprocess.run(command, cwd=copy, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    return done.returncode, [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]


def build(copy, every, first):
    kept = copy / "target/sample"
    kept.mkdir(parents=True, exist_ok=True)
    refused = kept / "refused"
    refused.write_text("")
    while True:
        subprocess.run(["git", "checkout", "-q", "--", "shared", "functions"], cwd=copy, check=True)
        plant = [sys.executable, HERE / "plant.py", copy, every, first, refused]
        (kept / "planted.json").write_text(subprocess.run(plant, check=True, stdout=subprocess.PIPE, text=True).stdout)
        status, messages = cargo(copy)
        if status == 0:
            break
        wrong = set()
        for message in messages:
            if message.get("reason") == "compiler-message" and message["message"]["level"] == "error":
                # The place of the error, or the constant that it is about.
                for span in sorted(message["message"]["spans"], key=lambda span: not span["is_primary"]):
                    lines = (copy / span["file_name"]).read_text().splitlines()
                    found = nearest(lines, span["line_start"] - 1, span["column_start"])
                    wrong |= found
                    if found:
                        break
        if not wrong:
            sys.exit("it does not compile, and no planted mistake is why")
        print("do not compile:", sorted(wrong), flush=True)
        with refused.open("a") as file:
            file.writelines(f"{number}\n" for number in wrong)
    keep_binaries(copy, messages)


def keep_binaries(copy, messages):
    """Beside what Cargo keeps, which it may clean up."""
    kept = copy / "target/sample"
    folder = kept / "bin"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    tests = [message["executable"] for message in messages if message.get("executable") and message["profile"]["test"]]
    for binary in tests:
        stem = pathlib.Path(binary).name
        (folder / stem).hardlink_to(binary)
    print(len(json.loads((kept / "planted.json").read_text())["chosen"]), "mistakes in one build,", len(tests), "binaries")


def nearest(lines, line, column):
    """The numbers on the line of an error that stand nearest before it, or the nearest above."""
    for at in range(line, max(line - 12, -1), -1):
        found = [(hit.start(), int(hit[1])) for hit in re.finditer(r"planted\((\d+)\)", lines[at])]
        if found:
            before = [number for start, number in found if at != line or start < column + 40]
            return {before[-1] if before else found[0][1]}
    return set()


def tests_of(copy):
    for binary in sorted((copy / "target/sample/bin").iterdir()):
        listed = subprocess.run([binary, "--list", "--format", "terse"], stdout=subprocess.PIPE, text=True, cwd=copy)
        for line in listed.stdout.splitlines():
            if line.endswith(": test"):
                yield str(binary), line.removesuffix(": test")


def stem(binary):
    return pathlib.Path(binary).name.rsplit("-", 1)[0]


def run_test(copy, binary, name, **environment):
    started = time.monotonic()
    try:
        done = subprocess.run([binary, "--exact", name], cwd=copy / "tests", env={**os.environ, **environment},
                              timeout=LONGEST, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        passed = done.returncode == 0
    except subprocess.TimeoutExpired:
        passed = False
    return passed, time.monotonic() - started


def reach(copy):
    kept = copy / "target/sample"
    file = kept / "reached.json"
    known = {(stem(test["binary"]), test["name"]): test for test in json.loads(file.read_text())} if file.exists() else {}
    folder = kept / "reached"
    folder.mkdir(exist_ok=True)

    def one(number_and_test):
        number, (binary, name) = number_and_test
        before = known.get((stem(binary), name))
        if before is not None and before["passed"]:
            return dict(before, binary=binary)
        places_file = folder / str(number)
        places_file.unlink(missing_ok=True)
        passed, seconds = run_test(copy, binary, name, REACHED=str(places_file))
        places = sorted({int(line) for line in places_file.read_text().split()}) if places_file.exists() else []
        return dict(binary=binary, name=name, passed=passed, seconds=round(seconds, 2), places=places)

    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        tests = list(pool.map(one, enumerate(tests_of(copy))))
    here = {(stem(test["binary"]), test["name"]) for test in tests}
    file.write_text(json.dumps(tests + [test for name, test in known.items() if name not in here], indent=0))
    failing = [test["name"] for test in tests if not test["passed"]]
    print(len(tests), "tests,", sum(test["seconds"] for test in tests), "s; fail without a mistake:", failing)


def run(copy, numbers):
    kept = copy / "target/sample"
    tests = [test for test in json.loads((kept / "reached.json").read_text())
             if test["passed"] and pathlib.Path(test["binary"]).exists()]
    chosen = json.loads((kept / "planted.json").read_text())["chosen"]
    results_file = kept / "results.json"
    results = json.loads(results_file.read_text()) if results_file.exists() else {}
    # In an order that has nothing to do with places, so that a run that is stopped is a sample, too.
    for mistake in sorted(chosen, key=lambda mistake: mistake["id"] * 2_654_435_761 % 2**32):
        number = str(mistake["id"])
        if numbers and number not in numbers or not numbers and number in results:
            continue
        reaching = [test for test in tests if mistake["id"] in test["places"]]
        name = pathlib.Path(mistake["path"]).stem
        about = re.compile(f"{name.rstrip('s')}|{ABOUT.get(name, name)}")
        reaching.sort(key=lambda test: (about.search(test["name"]) is None, len(test["places"]) * test["seconds"]))
        reaching = [test for test in reaching if "simulation-" not in test["binary"]][:MOST]
        began, ran, caught = time.monotonic(), 0, None
        with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
            waiting = iter(reaching)
            running = {}
            while True:
                while len(running) < AT_ONCE and caught is None:
                    test = next(waiting, None)
                    if test is None:
                        break
                    running[pool.submit(run_test, copy, test["binary"], test["name"], PLANTED=number)] = test
                if not running:
                    break
                done, _ = concurrent.futures.wait(running, return_when=concurrent.futures.FIRST_COMPLETED)
                for one in done:
                    test = running.pop(one)
                    ran += 1
                    if not one.result()[0] and caught is None and run_test(copy, test["binary"], test["name"])[0]:
                        caught = test["name"]
        results[number] = dict(mistake, caught=caught, ran=ran, reaching=len(reaching),
                               seconds=round(time.monotonic() - began, 1))
        results_file.write_text(json.dumps(results, indent=1))
        word = f"caught by {caught}" if caught else "SURVIVED"
        print(f"{number} {mistake['path']}:{mistake['line']} {mistake['what']}: {word} ({ran}/{len(reaching)})", flush=True)
    count = collections.Counter("caught" if result["caught"] else "survived" for result in results.values())
    print(dict(count))


copy = pathlib.Path(sys.argv[2]).resolve()
match sys.argv[1]:
    case "build":
        build(copy, sys.argv[3], sys.argv[4] if len(sys.argv) > 4 else "0")
    case "tests":
        status, messages = cargo(copy)
        assert status == 0, "the tests do not compile"
        keep_binaries(copy, messages)
    case "reach":
        reach(copy)
    case "run":
        run(copy, set(sys.argv[3:]))
