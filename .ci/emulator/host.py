"""Functions under the Lambda runtime interface emulator, and the local server that is their table and their ImageFlux.

Whatever is started here is ended here, by its id: use `with`. Linux only, it reads /proc.
"""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / ".ci"))

import check_template  # noqa: E402

TARGET = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
DEMO = (ROOT / "local/src/demo.rs").read_text()
# No proxy: everything is on this machine.
OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class Failure(Exception):
    """Something is not as it must be; the text says what."""


def find_emulator():
    """The emulator that the SAM CLI brings along for this processor."""
    machine = {"x86_64": "x86_64", "aarch64": "arm64"}[os.uname().machine]
    for folder in map(Path, sys.path):
        emulator = folder / f"samcli/local/rapid/aws-lambda-rie-{machine}"
        if emulator.exists():
            emulator.chmod(0o755)
            return emulator
    raise Failure("the SAM CLI's emulator is not among this Python's packages")


def wait_for(what, seconds, attempt):
    """Polls until the attempt answers something, at most so long."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        answer = attempt()
        if answer:
            return answer
        time.sleep(0.005)
    raise Failure(f"{what}: not within {seconds} s")


def post(url, body, seconds=30):
    """The answer's text, whatever its status."""
    request = urllib.request.Request(url, data=body, headers={"content-type": "application/json"})
    try:
        with OPENER.open(request, timeout=seconds) as answer:
            return answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.read().decode()
    except OSError as error:
        raise Failure(f"{url}: {error}") from error


def environment(**more):
    """What a process needs of this one's environment, no account, and no address that is not on this machine."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}
    return kept | {
        "AWS_ACCESS_KEY_ID": "none",
        "AWS_SECRET_ACCESS_KEY": "none",
        "AWS_REGION": "ap-northeast-1",
        "AWS_EC2_METADATA_DISABLED": "true",
    } | more


def demo_constant(name):
    """A constant of local/src/demo.rs."""
    found = re.search(rf'const {name}: &str =\s*r?#?"(.*?)"#?;', DEMO)
    if not found:
        raise Failure(f"local/src/demo.rs has no {name}")
    return found[1]


class Process:
    """A process whose output is kept in a file."""

    def __init__(self, arguments, **options):
        self.output = tempfile.NamedTemporaryFile("w+", prefix="output-")
        self.process = subprocess.Popen(
            arguments, stdin=subprocess.DEVNULL, stdout=self.output, stderr=subprocess.STDOUT, start_new_session=True, **options
        )

    def text(self):
        return Path(self.output.name).read_text(errors="replace")

    def is_running(self):
        return self.process.poll() is None

    def end(self):
        if self.is_running():
            self.process.terminate()
            try:
                self.process.wait(5)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait(5)
        self.output.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.end()


class Local(Process):
    """A local server with an empty table but for the demo tenant."""

    def __init__(self, program=None):
        super().__init__([program or TARGET / "debug/local", "--listen", "127.0.0.1:0"], env=environment(PUBLISH_WITHOUT_TOKEN="always"))
        try:
            wait_for("the local server starts", 30, lambda: "\ntry:" in self.text() or not self.is_running())
            self.url, self.table, self.imageflux = (self.line(start) for start in ("ready on ", "table on ", "ImageFlux on "))
        except Failure as failure:
            text = self.text()
            self.end()
            raise Failure(f"{failure}\n{text}") from failure

    def line(self, start):
        found = re.search(rf"^{start}(\S+)$", self.text(), re.MULTILINE)
        if not found:
            raise Failure(f"the local server does not say '{start}'")
        return found[1]

    def invoke(self, function, event):
        return json.loads(post(f"{self.url}/2015-03-31/functions/{function}/invocations", event))


class Secrets(ThreadingHTTPServer):
    """Secrets Manager, as far as a function asks it: the text of a secret by its name."""

    def __init__(self, secrets):
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
                text = secrets.get(asked.get("SecretId"))
                answer = {"__type": "ResourceNotFoundException"} if text is None else {"SecretString": text}
                body = json.dumps(answer).encode()
                self.send_response(400 if text is None else 200)
                self.send_header("content-type", "application/x-amz-json-1.1")
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        super().__init__(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server_port}"
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def __exit__(self, *_):
        self.shutdown()
        self.server_close()


class Deployment:
    """The functions that `sam build` made, each with the memory and the variables that the template gives it."""

    def __init__(self):
        built = ROOT / ".aws-sam/build/template.yaml"
        if not built.exists():
            raise Failure("sam build has not been run")
        template = check_template.load(built)
        shared = template["Globals"]["Function"]["Environment"]["Variables"]
        self.functions = {}
        for resource in template["Resources"].values():
            if resource["Type"] != "AWS::Serverless::Function":
                continue
            properties = resource["Properties"]
            name = resource["Metadata"]["BuildProperties"]["Binary"]
            bootstrap = built.parent / properties["CodeUri"] / "bootstrap"
            variables = shared | properties.get("Environment", {}).get("Variables", {})
            self.functions[name] = (bootstrap, properties["MemorySize"], sorted(variables))

    def bootstrap(self, function):
        return self.functions[function][0]

    def start(self, function, local, secrets, group=None, bootstrap=None):
        """Under the emulator, with the local server's table and ImageFlux, and with nothing that the template does not name.

        Another bootstrap than the function's own takes its place.
        """
        built, memory, names = self.functions[function]
        values = {
            "TABLE_NAME": "imageflux-option",
            "GENERATION": "1",
            "TOKEN_PUBLIC_KEYS": demo_constant("PUBLIC_KEYS"),
            "TOKEN_SIGNING_KEY_SECRET": "signing-key",
            "TOKEN_LIFETIME_SECONDS": "43200",
            "IMAGEFLUX_ENDPOINT": local.imageflux,
            "IMAGEFLUX_ACCESS_TOKEN_SECRET": "access-token",
            "CHANNEL_GRACE_SECONDS": "86400",
            "DELETE_ORPHAN_CHANNELS": "false",
            "CORS_ORIGINS": "*",
            "API_URL": local.url,
            "HOOKS_URL": local.url,
            "PUBLISH_LEAD_SECONDS": "1800",
            "PUBLISH_OVERRUN_SECONDS": "3600",
            "PUBLISH_WITHOUT_TOKEN": "always",
            "POLLS_PER_SECOND": "5000",
            "LOG_POLLS_EVERY": "20",
            "AUDIT_DAYS": "400",
        }
        unknown = set(names) - set(values)
        if unknown:
            raise Failure(f"the template gives {function} variables that have no value here: {sorted(unknown)}")
        endpoints = {"AWS_ENDPOINT_URL_DYNAMODB": local.table, "AWS_ENDPOINT_URL_SECRETS_MANAGER": secrets.url}
        return Emulated(bootstrap or built, function, endpoints | {name: values[name] for name in names}, memory, group)


def demo_secrets():
    return Secrets({"signing-key": demo_constant("SIGNING_KEY"), "access-token": "simulated"})


class Emulated(Process):
    """A bootstrap under the emulator, in an environment as Lambda makes it. It is started by the first invocation.

    A group is the file of a control group that takes the ids of its processes; the emulator itself stays outside.
    Entering one takes up to 15 ms, so what is measured begins after it, when the bootstrap takes the process over.
    """

    def __init__(self, bootstrap, name, variables, memory=512, group=None):
        self.port, runtime = free_ports(2)
        addresses = ["--runtime-interface-emulator-address", f"127.0.0.1:{self.port}", "--runtime-api-address", f"127.0.0.1:{runtime}"]
        lambda_variables = {
            "AWS_LAMBDA_FUNCTION_NAME": name,
            "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(memory),
            "AWS_LAMBDA_FUNCTION_TIMEOUT": "30",
            "LAMBDA_TASK_ROOT": str(bootstrap.parent),
        }
        self.folder = tempfile.TemporaryDirectory()
        wrapper, self.begun = Path(self.folder.name) / "bootstrap", Path(self.folder.name) / "begun"
        wrapper.write_text(
            f'#!/bin/bash\necho $$ >"{group or "/dev/null"}"\nread -r cpu rest </proc/$$/schedstat\n'
            f'echo $EPOCHREALTIME $cpu >"{self.begun}"\nexec "{bootstrap}"\n'
        )
        wrapper.chmod(0o755)
        # The emulator has no --help: asked for anything it serves for ever. So it has an end of its own.
        command = ["timeout", "--kill-after=5", "300", find_emulator(), *addresses, wrapper]
        super().__init__(command, cwd=bootstrap.parent, env=environment(**lambda_variables, **variables))
        self.bootstrap = bootstrap
        try:
            wait_for("the emulator listens", 15, self.listens)
        except Failure as failure:
            text = self.text()
            self.end()
            raise Failure(f"{failure}\n{text}") from failure

    def listens(self):
        if not self.is_running():
            raise Failure("the emulator ended")
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def invoke_text(self, event):
        return post(f"http://127.0.0.1:{self.port}/2015-03-31/functions/function/invocations", event)

    def invoke(self, event):
        text = self.invoke_text(event)
        try:
            return json.loads(text)
        except ValueError as error:
            raise Failure(f"{self.bootstrap} answers no JSON: {text[:300]}\n{self.text()}") from error

    def pid(self):
        """The process that the emulator started."""
        for pid in descendants(self.process.pid):
            if os.path.realpath(f"/proc/{pid}/cwd") == os.path.realpath(self.bootstrap.parent) and "emulator" not in arguments_of(pid):
                return pid
        raise Failure(f"{self.bootstrap} does not run\n{self.text()}")

    def end(self):
        # Should the emulator die without its child, the child is ended too.
        children = descendants(self.process.pid) if self.is_running() else []
        super().end()
        for pid in children:
            if os.path.exists(f"/proc/{pid}") and str(self.bootstrap) in arguments_of(pid):
                os.kill(pid, signal.SIGKILL)
        self.folder.cleanup()

    def begin(self):
        """When the bootstrap began, in seconds as time.time() counts."""
        return float(self.begun.read_text().split()[0])

    def cpu_ms(self):
        """Time on a processor since the bootstrap began."""
        return cpu_ms(self.pid()) - int(self.begun.read_text().split()[1]) / 1e6

    def init_ms(self):
        """How long it took until the first question for work, as the emulator measured it: with the wrapper's time."""
        found = re.search(r"INIT REPORT\(durationMs: ([0-9.]+)\)", self.text())
        if not found:
            raise Failure(f"the emulator does not tell how long the start took:\n{self.text()}")
        return float(found[1])


def free_ports(count):
    """Ports that were free a moment ago, all different."""
    sockets = [socket.socket() for _ in range(count)]
    try:
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]
    finally:
        for one in sockets:
            one.close()


def descendants(pid):
    found = []
    try:
        for task in Path(f"/proc/{pid}/task").iterdir():
            for child in (task / "children").read_text().split():
                found += [int(child), *descendants(int(child))]
    except OSError:
        pass
    return found


def arguments_of(pid):
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        return ""


def peak_megabytes(pid):
    """The most memory that it has ever had."""
    return int(re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())[1]) / 1024


def cpu_ms(pid):
    """Time on a processor of all its living threads, in steps finer than those of /proc/<pid>/stat."""
    tasks = Path(f"/proc/{pid}/task").iterdir()
    precise = sum(int((task / "schedstat").read_text().split()[0]) for task in tasks) / 1e6
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(") ", 1)[1].split()
    return max(precise, (int(fields[11]) + int(fields[12])) * 1000 / os.sysconf("SC_CLK_TCK"))
