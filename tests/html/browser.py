# SPDX-License-Identifier: Apache-2.0
"""A headless Chromium, spoken to over its debugging pipe: no driver, no port, nothing but the browser itself."""

import base64
import json
import os
import select
import shutil
import subprocess
import tempfile
import time


class BrowserError(Exception):
    pass


class Browser:
    """One browser with one page. `messages` is what the console and the browser's own log said, and what nobody caught."""

    def __init__(self, program="chromium"):
        to_browser, self.out = os.pipe()
        self.into, from_browser = os.pipe()
        self.profile = tempfile.mkdtemp(prefix="mapscope-browser-")
        # 3 and 4 are where Chromium expects the pipe.
        command = (f"exec {program} --headless=new --no-sandbox --disable-gpu --disable-dev-shm-usage --no-first-run "
                   "--disable-ipc-flooding-protection "  # more pages in ten seconds than a person opens
                   f"--disable-extensions --disable-background-networking --remote-debugging-pipe "
                   f"--user-data-dir={self.profile} about:blank 3<&{to_browser} 4>&{from_browser} >/dev/null 2>&1")
        self.process = subprocess.Popen(["bash", "-c", command], pass_fds=(to_browser, from_browser))
        os.close(to_browser), os.close(from_browser)
        self.buffer, self.waiting, self.messages, self.last_id, self.session = b"", {}, [], 0, None
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill(), self.process.wait()
        os.close(self.out), os.close(self.into)
        shutil.rmtree(self.profile, ignore_errors=True)

    def call(self, method, **parameters):
        self.last_id += 1
        message = {"id": self.last_id, "method": method, "params": parameters}
        if self.session:
            message["sessionId"] = self.session
        data = json.dumps(message).encode() + b"\0"
        while data:
            data = data[os.write(self.out, data):]
        while self.last_id not in self.waiting:
            self.receive(method)
        answer = self.waiting.pop(self.last_id)
        if "error" in answer:
            raise BrowserError(f"{method}: {answer['error']}")
        return answer["result"]

    def receive(self, doing, patience=120):
        while b"\0" not in self.buffer:
            if not select.select([self.into], [], [], patience)[0]:
                raise BrowserError(f"the browser does not answer: {doing}")
            data = os.read(self.into, 1 << 20)
            if not data:
                raise BrowserError(f"the browser has ended: {doing}")
            self.buffer += data
        line, self.buffer = self.buffer.split(b"\0", 1)
        message = json.loads(line)
        if "id" in message:
            self.waiting[message["id"]] = message
        else:
            self.note(message["method"], message["params"])

    def note(self, method, said):
        if method == "Runtime.consoleAPICalled":
            self.messages.append(f"console: {[part.get('value', part.get('description')) for part in said['args']]}")
        elif method == "Runtime.exceptionThrown":
            details = said["exceptionDetails"]
            self.messages.append(f"exception: {details.get('exception', {}).get('description', details['text'])}")
        elif method == "Log.entryAdded":
            self.messages.append(f"log: {said['entry']['text']}")
        elif method == "Network.requestWillBeSent" and not said["request"]["url"].startswith(("file:", "about:", "data:")):
            self.messages.append(f"request: {said['request']['url']}")

    def run(self, script):
        """The value of an expression; a promise is awaited."""
        answer = self.call("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        if "exceptionDetails" in answer:
            details = answer["exceptionDetails"]
            raise BrowserError(f"{script[:200]}: {details.get('exception', {}).get('description', details['text'])}")
        return answer["result"].get("value")

    def wait_for(self, condition, what, patience=120):
        end = time.monotonic() + patience
        while not self.run(condition):
            if time.monotonic() > end:
                raise BrowserError(f"never came: {what}; said: {self.messages[-3:]}")
            time.sleep(0.02)

    def open(self, url):
        self.call("Page.navigate", url="about:blank")
        self.call("Page.navigate", url=url)

    def look(self, width=1280, height=900, dark=False):
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 600)
        scheme = "dark" if dark else "light"
        self.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])

    def screenshot(self, path):
        data = self.call("Page.captureScreenshot", format="png")["data"]
        with open(path, "wb") as file:
            file.write(base64.b64decode(data))
