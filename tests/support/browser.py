"""Chromium without a window, through the pipe of its DevTools: opens a page, and asks it."""
import json
import os
import select
import shutil
import subprocess
import tempfile
import time

PROGRAM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


class Browser:
    def __init__(self, timeout=60):
        self.timeout, self.count, self.entries, self.rest = timeout, 0, [], b""
        self.profile = tempfile.mkdtemp(prefix="climnorm-browser-")
        to_read, self.to = os.pipe()
        self.back, to_write = os.pipe()
        self.process = subprocess.Popen(
            ["bash", "-c", f'exec "$@" 3<&{to_read} 4>&{to_write}', "browser", PROGRAM, "--headless",
             "--no-sandbox", "--disable-gpu", "--no-first-run", f"--user-data-dir={self.profile}",
             "--remote-debugging-pipe", "about:blank"],
            pass_fds=(to_read, to_write), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL)
        os.close(to_read)
        os.close(to_write)
        self.session = None
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Log", "Runtime", "Network"):
            self.call(f"{domain}.enable")

    def close(self):
        self.process.kill()
        self.process.wait()
        os.close(self.to)
        os.close(self.back)
        shutil.rmtree(self.profile, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def message(self, end):
        while b"\0" not in self.rest:
            if not select.select([self.back], [], [], max(end - time.monotonic(), 0))[0]:
                raise TimeoutError("Chromium does not answer")
            part = os.read(self.back, 1 << 16)
            if not part:
                raise EOFError("Chromium ended")
            self.rest += part
        text, self.rest = self.rest.split(b"\0", 1)
        return json.loads(text)

    def call(self, method, **params):
        """Returns the answer; what the page reports meanwhile goes to `entries`."""
        self.count += 1
        message = {"id": self.count, "method": method, "params": params}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.to, json.dumps(message).encode() + b"\0")
        end = time.monotonic() + self.timeout
        while True:
            got = self.message(end)
            if got.get("id") == self.count:
                assert "error" not in got, (method, got["error"])
                return got["result"]
            self.entries.append(got)

    def open(self, path, width, dark):
        self.entries.clear()
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=900,
                  deviceScaleFactor=1, mobile=False)
        self.call("Emulation.setEmulatedMedia", features=[
            {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}])
        self.call("Page.navigate", url="file://" + path)
        end = time.monotonic() + self.timeout
        while not any(e.get("method") == "Page.loadEventFired" for e in self.entries):
            self.entries.append(self.message(end))

    def ask(self, expression):
        return self.call("Runtime.evaluate", expression=expression,
                         returnByValue=True)["result"].get("value")

    def key(self, name, code, text=""):
        for kind in ("keyDown", "keyUp"):
            self.call("Input.dispatchKeyEvent", type=kind, key=name, code=name, text=text,
                      windowsVirtualKeyCode=code)

    def complaints(self):
        """Errors, also of its Content-Security-Policy, and requests that left the page."""
        bad = [e for e in self.entries if e.get("method") in ("Log.entryAdded",
                                                             "Runtime.exceptionThrown",
                                                             "Runtime.consoleAPICalled")]
        asked = [e["params"]["request"]["url"][:80] for e in self.entries
                 if e.get("method") == "Network.requestWillBeSent"]
        return bad, [url for url in asked if not url.startswith(("file:", "data:"))]
