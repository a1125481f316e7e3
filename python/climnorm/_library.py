"""The library in this process: one job at a time, in a thread of its own."""
from __future__ import annotations

import json
import os
import re
import resource
import selectors
import signal
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from climnorm._config import Config, config_text, merged, nested, override_texts
from climnorm._errors import ConfigError, Error, InputError, MachineError, Stopped
from climnorm.progress import Event

T = TypeVar("T")
Progress = Callable[[Event], Any]

# The library reads both when it is used first. Set values stay.
_units = Path(__file__).parent / "udunits" / "udunits2.xml"
if _units.exists():
    os.environ.setdefault("UDUNITS2_XML_PATH", str(_units))
os.environ.setdefault("HDF5_USE_FILE_LOCKING", "BEST_EFFORT")

from climnorm._native import ffi, lib  # noqa: E402

lib.native_quiet()

_one_job = threading.Lock()
_here = threading.local()  # is_told: this thread is in a progress function
_was_used = False
_is_child = False  # of a process that had used the library


def _after_fork() -> None:
    global _one_job, _is_child
    _one_job = threading.Lock()
    _is_child = _is_child or _was_used


os.register_at_fork(after_in_child=_after_fork)


def _text(value: Any) -> str:
    return bytes(ffi.string(value)).decode("utf-8", "replace")


def take_text(value: Any) -> str:
    """A text from malloc, which is freed."""
    if value == ffi.NULL:
        raise MachineError(["out of memory"])
    try:
        return _text(value)
    finally:
        lib.free(value)


def _without_lines(text: str) -> str:
    """A config that is a dict has no lines that errors could cite.

    >>> _without_lines("config:2: input.root: expected a path"), _without_lines("/a/b: no file")
    ('config: input.root: expected a path', '/a/b: no file')
    """
    return re.sub(r"^config:\d+: ", "config: ", text)


def problem_texts(problems: Any, *severities: int) -> list[str]:
    """Those of a struct cn_problems; without severities all."""
    items = [problems.items[i] for i in range(problems.count)]
    return [_text(item.text) for item in items if not severities or item.severity in severities]


def raise_status(status: int, problems: list[str]) -> None:
    """Raises what the status stands for."""
    kinds: dict[int, type[Error]] = {lib.CN_BAD_USAGE: ConfigError, lib.CN_BAD_INPUT: InputError,
                                     lib.CN_BAD_MACHINE: MachineError,
                                     lib.CN_STOPPED: Stopped}
    if status in kinds:
        raise kinds[status]([_without_lines(text) for text in problems])


def _read(config: Config, overrides: Mapping[str, Any], made: Any, problems: Any) -> int:
    """Calls cn_config_read or cn_config_read_text. A config as a dict takes overrides itself."""
    if isinstance(config, (str, os.PathLike)):
        texts = [ffi.new("char[]", os.fsencode(text)) for text in override_texts(overrides)]
        array = ffi.new("struct cn_override[]", [{"text": text} for text in texts])
        path = ffi.new("char[]", os.fsencode(config))
        return int(lib.cn_config_read(path, array, len(texts), made, problems))
    text = ffi.new("char[]", os.fsencode(config_text(merged(nested(config), nested(overrides)))))
    return int(lib.cn_config_read_text(b"config", text, ffi.NULL, 0, made, problems))


@contextmanager
def read_config(config: Config, overrides: Mapping[str, Any]) -> Iterator[Any]:
    """The config as a struct cn_config. Raises ConfigError with all that is wrong."""
    made = ffi.new("struct cn_config **")
    problems = ffi.new("struct cn_problems *")
    status = _read(config, overrides, made, problems)
    texts = problem_texts(problems)
    lib.cn_problems_free(problems)
    raise_status(status, texts)
    try:
        yield made[0]
    finally:
        lib.cn_config_free(made[0])


@contextmanager
def _many_files() -> Iterator[None]:
    """Many threads read many files."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


class Watch:
    """A struct cn_watch, whose display writes JSON into a pipe."""

    def __init__(self, progress: Progress | None) -> None:
        self.progress = progress
        self.reader, self.writer = os.pipe() if progress else (-1, -1)
        self._tail = b""
        error = ffi.new("struct cn_error *")
        self.watch = lib.native_watch_new(self.writer, error)
        if self.watch == ffi.NULL:
            self.close()
            raise MachineError([_text(error.text)])

    def stop(self) -> None:
        lib.native_watch_stop(self.watch)

    def end_display(self) -> None:
        """Called by the thread of the job, when its counters are no longer shown."""
        lib.native_watch_end(self.watch)
        if self.writer >= 0:
            os.close(self.writer)
            self.writer = -1

    def wait(self, ended: threading.Event) -> None:
        """Returns when the job has ended; calls the progress function meanwhile."""
        if not self.progress:
            while not ended.wait(0.1):  # so that signals are handled
                pass
            return
        with selectors.DefaultSelector() as selector:
            selector.register(self.reader, selectors.EVENT_READ)
            while True:
                if selector.select(0.1):
                    data = os.read(self.reader, 1 << 16)
                    if not data:
                        return
                    self._tell(data)

    def _tell(self, data: bytes) -> None:
        *lines, self._tail = (self._tail + data).split(b"\n")
        _here.is_told = True
        try:
            for line in lines:
                if self.progress and line:
                    self.progress(json.loads(line))
        finally:
            _here.is_told = False

    def close(self) -> None:
        for descriptor in self.reader, self.writer:
            if descriptor >= 0:
                os.close(descriptor)
        self.reader = self.writer = -1
        lib.native_watch_free(self.watch)


def _check_process() -> None:
    global _was_used
    if _is_child:
        raise Error(["this process was forked from one that had used climnorm, and threads of OpenMP do "
                     "not survive that; start processes by multiprocessing.get_context(\"spawn\")"])
    _was_used = True


@contextmanager
def _interruptible(watch: Watch) -> Iterator[None]:
    """Ctrl-C stops the job, and what the program does on Ctrl-C is done when the job has ended."""
    before = signal.getsignal(signal.SIGINT)
    if threading.current_thread() is not threading.main_thread() or not callable(before):
        yield
        return
    caught: list[tuple[int, Any]] = []

    def stop(number: int, frame: Any) -> None:
        caught.append((number, frame))
        watch.stop()

    signal.signal(signal.SIGINT, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
    if caught:
        before(*caught[0])


def supervise(work: Callable[[Watch], T], progress: Progress | None = None) -> T:
    """Calls `work` in a new thread, alone in this process. Ctrl-C, or what the progress function
    raises, stops the job, and is raised when the job has ended."""
    if getattr(_here, "is_told", False):
        raise Error(["a progress function cannot start a job: the one that it is told of has not ended"])
    with _one_job:
        _check_process()
        watch = Watch(progress)
        outcome: list[T] = []
        failure: list[BaseException] = []
        ended = threading.Event()

        def target() -> None:
            try:
                outcome.append(work(watch))
            except BaseException as error:
                failure.append(error)
            finally:
                watch.end_display()
                ended.set()

        try:
            with _many_files(), _interruptible(watch):
                threading.Thread(target=target, name="climnorm").start()
                try:
                    watch.wait(ended)
                finally:
                    if not ended.is_set():
                        watch.stop()
                        ended.wait()
        finally:
            watch.close()
            close_display = getattr(progress, "close", None)
            if close_display:
                close_display()
    if failure:
        raise failure[0]
    return outcome[0]
