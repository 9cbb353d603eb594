"""How long a function takes to start and to answer, with as much of a processor as Lambda gives it.

Starts every function that `sam build` made under the Lambda runtime interface emulator, each time afresh, beside the
least that a function can be in Rust and in Node. bench/run builds all of it first. A machine that does anything else
meanwhile measures that.
"""

import argparse
import io
import os
import statistics
import sys
import time
import zipfile
from contextlib import ExitStack, contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / ".ci/emulator"))

from host import Deployment, Failure, Local, demo_secrets, peak_megabytes  # noqa: E402

# Lambda gives one processor per 1769 MB.
MEMORIES_MB = [None, 1024, 512, 128]
PERIOD_US = 20_000
# Each function's most frequent call, and what else it does that costs.
CALLS = [
    ("auth", "get_health"),
    ("auth", "login"),
    ("schedule", "list_schedules"),
    ("schedule", "create_schedule"),
    ("delivery-view", "get_view"),
    ("user", "list_users"),
    ("chat", "list_messages"),
]
# The least that a function can be, and with one read of the table. They answer anything.
MINIMAL = {
    "minimal Rust": "target/lambda/minimal",
    "minimal Rust with a table": "target/lambda/minimal-table",
    "minimal Node": "bench/minimal-node",
}
# Not the one that the tests use: the table's time is in every answer.
LOCAL = ROOT / "target/release/local"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=15, help="starts of each function with each share")
    rounds = parser.parse_args().rounds
    deployment = Deployment()
    programs = [(name, ROOT / folder / "bootstrap", None, "auth/get_health") for name, folder in MINIMAL.items()]
    programs += [(function, deployment.bootstrap(function), function, f"{function}/{call}") for function, call in CALLS]

    for memory in MEMORIES_MB:
        share = memory and memory / 1769
        print(f"\n## As {memory} MB of Lambda: {share:.0%} of a processor\n" if share else "## With a whole processor\n")
        print("| function | call | init | first call | start to answer | × Rust | second call | CPU | zipped | peak |")
        print("| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |")
        runs = [[] for _ in programs]
        with share_of_a_processor(share) as group:
            # One after the other, round by round: what the machine does meanwhile falls on all alike.
            for _ in range(rounds):
                for measured, (_, bootstrap, function, event) in zip(runs, programs, strict=True):
                    measured.append(measure(deployment, bootstrap, function, event, group))
        medians = [[statistics.median(values) for values in zip(*measured, strict=True)] for measured in runs]
        least = sum(medians[0][:2])
        for (name, bootstrap, function, event), (init, first, second, cpu, peak) in zip(programs, medians, strict=True):
            print(
                f"| {name} | {event.split('/')[1] if function else ''} | {init:.1f} ms | {first:.1f} ms | {init + first:.1f} ms"
                f" | {(init + first) / least:.1f} | {second:.1f} ms | {cpu:.1f} ms | {zipped_megabytes(bootstrap):.2f} MB | {peak:.1f} MB |"
            )


@contextmanager
def share_of_a_processor(share):
    """A control group whose processes get no more than the share; yields the file that takes their ids."""
    if share is None:
        yield None
        return
    first = Path("/sys/fs/cgroup/cpu")
    folder = (first if first.is_dir() else Path("/sys/fs/cgroup")) / f"bench-{os.getpid()}"
    try:
        folder.mkdir()
    except OSError as error:
        raise Failure(f"no control group can be made: {error}") from error
    try:
        quota = round(PERIOD_US * share)
        if first.is_dir():
            (folder / "cpu.cfs_period_us").write_text(str(PERIOD_US))
            (folder / "cpu.cfs_quota_us").write_text(str(quota))
        else:
            (folder / "cpu.max").write_text(f"{quota} {PERIOD_US}")
        yield folder / "cgroup.procs"
    finally:
        folder.rmdir()


def measure(deployment, bootstrap, function, event, group):
    """One start: milliseconds of init, first call, second call and processor, and the most memory."""
    body = (ROOT / f"events/{event}.json").read_bytes()
    with ExitStack() as stack:
        local, secrets = stack.enter_context(Local(LOCAL)), stack.enter_context(demo_secrets())
        # What is not ours is given what chat is given, and takes what it wants.
        emulated = stack.enter_context(deployment.start(function or "chat", local, secrets, group, bootstrap))
        asked = time.time()
        emulated.invoke(body)
        answered = time.time()
        cpu = emulated.cpu_ms()
        again = time.time()
        emulated.invoke(body)
        second = (time.time() - again) * 1000
        total = (answered - emulated.begin()) * 1000
        # The emulator's own start of the process is in neither.
        first = (answered - asked) * 1000 - emulated.init_ms()
        return total - first, first, second, cpu, peak_megabytes(emulated.pid())


def zipped_megabytes(bootstrap):
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
        file.write(bootstrap, "bootstrap")
    return len(archive.getvalue()) / 1e6


if __name__ == "__main__":
    try:
        main()
    except Failure as failure:
        sys.exit(f"FAILED: {failure}")
