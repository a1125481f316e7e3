"""Runs a command on some cores and says its wall time, processor time and the memory of all its
processes. Nothing here knows what is run.

Memory is the largest sum of the processes' proportional set sizes (shared pages count once), looked
at ten times a second, less often where looking takes long; or what the largest single process says
of its peak, if that is more.
"""
import os
import signal
import subprocess
import tempfile
import threading
import time

from . import Failure

LONGEST_S = 7200


class Ended(Failure):
    """A command that did not end well."""


def timed(command, cores, folder):
    """{"wall_s", "cpu_s", "peak_rss_bytes", "said"} of a command that runs in `folder` on the first
    `cores` of the cores that this process may use. Leaves none of its processes behind."""
    allowed = os.sched_getaffinity(0)
    with tempfile.TemporaryFile(dir=folder) as out, tempfile.TemporaryFile(dir=folder) as err:
        start = time.monotonic()
        os.sched_setaffinity(0, sorted(allowed)[:cores])
        try:
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=err,
                                       cwd=folder, start_new_session=True)
        except OSError as error:
            raise Ended(f"{command[0]}: {error.strerror}") from error
        finally:
            os.sched_setaffinity(0, allowed)
        watch = Watch(process.pid)
        watch.start()
        try:
            _, status, usage = os.wait4(process.pid, 0)
            wall_s = time.monotonic() - start
            process.returncode = os.waitstatus_to_exitcode(status)
        finally:
            watch.end()
            kill(process.pid)  # what it left behind, or all of it after ctrl-C
            process.wait()
        if process.returncode:
            raise Ended(f"ended with {process.returncode}: {last_line(err) or last_line(out)}")
        out.seek(0)
        said = out.read().decode(errors="replace")
    return {"wall_s": wall_s, "cpu_s": usage.ru_utime + usage.ru_stime, "said": said,
            "peak_rss_bytes": max(watch.peak, usage.ru_maxrss * 1024)}


def kill(group):
    try:
        os.killpg(group, signal.SIGKILL)
    except ProcessLookupError:
        pass


def last_line(file):
    file.seek(max(0, file.seek(0, os.SEEK_END) - 4096))
    lines = file.read().decode(errors="replace").split("\n")
    return next((line.strip() for line in reversed(lines) if line.strip()), "")


class Watch(threading.Thread):
    """Looks at the memory of a session's processes until it is ended."""

    def __init__(self, session):
        super().__init__(daemon=True)
        self.session, self.peak, self.stop = session, 0, threading.Event()
        self.deadline = time.monotonic() + LONGEST_S

    def run(self):
        pause = 0.1
        while not self.stop.wait(pause):
            begin = time.thread_time()
            self.peak = max(self.peak, sum(map(memory, processes_of(self.session))))
            pause = max(0.1, 50 * (time.thread_time() - begin))
            if time.monotonic() > self.deadline:
                kill(self.session)

    def end(self):
        self.stop.set()
        self.join()


def processes_of(session):
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                if os.getsid(int(name)) == session:
                    yield name
            except OSError:
                pass


def memory(process):
    """Bytes, of what is shared its part; 0 of a process that has ended."""
    try:
        with open(f"/proc/{process}/smaps_rollup", encoding="ascii") as file:
            return next(int(line.split()[1]) * 1024 for line in file if line.startswith("Pss:"))
    except (OSError, StopIteration):
        return 0
