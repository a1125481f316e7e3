"""A program on a pseudo-terminal, and the screen as its user sees it: pyte is the terminal."""

import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import sys
import termios
import time

try:
    import pyte
except ImportError:
    print("python3-pyte is not there: no terminal to look at")
    sys.exit(77)

try:
    for end in pty.openpty():
        os.close(end)
except OSError as error:
    print(f"no pseudo-terminals here: {error}")
    sys.exit(77)


class Job:
    """A command on a terminal of `columns` x `rows`."""

    def __init__(self, command, columns=80, rows=24, cwd=None, **environment):
        self.screen = pyte.Screen(columns, rows)
        self.stream = pyte.ByteStream(self.screen)
        self.master, slave = pty.openpty()
        self.resize(columns, rows)
        env = {k: v for k, v in os.environ.items() if not k.startswith(("LC_", "NO_COLOR"))}
        env.update(LANG="C.UTF-8", TERM="xterm-256color")
        env.update(environment)
        self.process = subprocess.Popen(command, stdin=slave, stdout=slave, stderr=slave, cwd=cwd,
                                        env=env, start_new_session=True)
        os.close(slave)
        self.raw = b""

    def resize(self, columns, rows):
        self.screen.resize(rows, columns)
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def feed(self, seconds):
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            if not select.select([self.master], [], [], left)[0]:
                break
            try:
                data = os.read(self.master, 1 << 16)
            except OSError:  # the last of the terminal's users is gone
                return False
            if not data:
                return False
            self.raw += data
            self.stream.feed(data)
        return True

    def wait_for(self, pattern, seconds=60):
        """Until the screen shows `pattern`."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            alive = self.feed(0.02)
            if re.search(pattern, self.text()):
                return
            if not alive:
                break
        raise AssertionError(f"no {pattern!r} on the screen:\n{self.text()}")

    def next_frame(self):
        """Until the display has drawn itself anew, twice: the first may be of the time before."""
        for _ in range(2):
            drawn = len(self.raw)
            while b"\x1b[?25h" not in self.raw[drawn:]:
                if not self.feed(0.02):
                    raise AssertionError(f"it has ended:\n{self.text()}")

    def finish(self):
        while self.feed(60):
            pass
        os.close(self.master)
        return self.process.wait(60)

    def lines(self):
        return [line.rstrip() for line in self.screen.display]

    def text(self):
        return "\n".join(self.lines())

    def frame(self):
        """The lines from the display's title on, to the first empty one."""
        lines = self.lines()
        start = max(i for i, line in enumerate(lines) if re.match(r"climnorm [·-] ", line))
        lines = lines[start:] + [""]
        return lines[:lines.index("")]
