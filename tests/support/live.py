"""Runs that are met while they live: what a process says as it says it, its children, and waiting
for a state. Knows nothing of climnorm but how it is started.
"""
import os
import re
import signal
import subprocess
import threading
import time

from climnorm_case import BIN

PATIENCE = 60


def wait_until(condition, what, seconds=PATIENCE):
    """Returns the first true value of condition()."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        value = condition()
        if value:
            return value
        time.sleep(0.002)
    raise AssertionError(f"waited {seconds} s for {what}")


def children_of(pid):
    try:
        with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
            return [int(child) for child in file.read().split()]
    except (FileNotFoundError, ProcessLookupError):
        return []


def is_alive(pid):
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as file:
            return file.read().rpartition(")")[2].split()[0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False


def is_at_work(child):
    """Whether it looks at an item: before it does, its time is bounded."""
    try:
        with open(f"/proc/{child}/limits", encoding="ascii") as file:
            return re.search(r"Max cpu time +\d", file.read())
    except (FileNotFoundError, ProcessLookupError):
        return False


def has_signal(pid, row, number):
    """Whether /proc/PID/status names a signal in a row; a process that is gone has none."""
    try:
        with open(f"/proc/{pid}/status", encoding="ascii", errors="replace") as file:
            mask = next(line for line in file if line.startswith(row + ":")).split()[1]
            return int(mask, 16) >> (number - 1) & 1
    except (FileNotFoundError, ProcessLookupError):
        return False


def catches(pid, number):
    return has_signal(pid, "SigCgt", number)


def is_pending(pid, number):
    """Sent, but not delivered yet."""
    return has_signal(pid, "ShdPnd", number)


class Live:
    """A process in a group of its own; use it in a with statement: nothing of it survives."""

    def __init__(self, *arguments, env=None, **options):
        self.process = subprocess.Popen(
            [BIN, *map(str, arguments)], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True, errors="replace", start_new_session=True,
            env={**os.environ, **(env or {})}, **options)
        self.pid, self.err, self.out = self.process.pid, "", ""
        self._threads = [threading.Thread(target=self._listen, args=(name,))
                         for name in ("err", "out")]
        for thread in self._threads:
            thread.start()

    def _listen(self, name):
        stream = self.process.stderr if name == "err" else self.process.stdout
        for line in stream:
            setattr(self, name, getattr(self, name) + line)
        stream.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        try:
            os.killpg(self.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.end()

    def send(self, number):
        self.process.send_signal(number)

    def send_group(self, number):
        os.killpg(self.pid, number)

    def end(self, seconds=PATIENCE):
        """Waits for the end; returns the exit code (a signal's number below zero)."""
        code = self.process.wait(seconds)
        for thread in self._threads:
            thread.join(seconds)
        return code

    def until(self, condition, what):
        def check():
            value = condition()
            if not value and self.process.poll() is not None:
                value = condition()  # it may have become true with the end
                assert value, f"it ended ({self.process.returncode}) before {what}\n{self.err}"
            return value
        return wait_until(check, what)

    def says(self, text):
        self.until(lambda: text in self.err, f'it says "{text}"')

    def freeze_child(self):
        """Suspends a child at its work, so that its parent waits for it."""
        def freeze():
            for child in filter(is_at_work, children_of(self.pid)):
                try:
                    os.kill(child, signal.SIGSTOP)
                    return child
                except ProcessLookupError:
                    pass
            return None
        return self.until(freeze, "there is a child")
