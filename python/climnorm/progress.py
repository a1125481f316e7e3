"""Ready functions for ``climnorm.run(…, progress=…)``.

A progress function gets each event of docs/progress.md as a dict, in the thread that called ``run``: once
a second, and when a variable begins or is over, and with each message. What it raises stops the run. Its
method `close`, if it has one, is called at the end, whatever came of the run.
"""
from __future__ import annotations

import importlib
from typing import Any, TypedDict


class VariableState(TypedDict, total=False):
    """A variable in an event; docs/progress.md has all keys."""

    name: str
    model: str
    state: str  # "waiting", "active", "done", "failed" or "stopped"
    elapsed_s: float
    eta_s: float | None
    fraction: float  # 0 to 1
    problem: str | None
    bytes_read: int
    bytes_per_s: float
    normals_written: int
    normals_total: int


class Event(TypedDict, total=False):
    """What a progress function gets; docs/progress.md has all keys."""

    event: str  # "preparing", "progress", "state", "message" or "end"
    text: str  # of "preparing" and "message"
    done: int | None  # of "preparing": files
    total: int | None
    title: str
    elapsed_s: float
    eta_s: float | None
    variables: list[VariableState]


def fraction(event: Event) -> float:
    """How much of the whole job is done, 0 to 1.

    >>> fraction({"event": "progress", "variables": [{"fraction": 1.0}, {"fraction": 0.5}]})
    0.75
    """
    parts = [variable["fraction"] for variable in event.get("variables", [])]
    return sum(parts) / len(parts) if parts else 0.0


def _name(variable: VariableState) -> str:
    return f"{variable['model']} {variable['name']}" if "model" in variable else variable["name"]


def _label(event: Event) -> str:
    """The variable that is being made."""
    for variable in event.get("variables", []):
        if variable["state"] == "active":
            return _name(variable)
    return str(event.get("text", ""))


class _Tqdm:
    def __init__(self, options: dict[str, Any]) -> None:
        self._kind = importlib.import_module("tqdm.auto").tqdm
        self._options = options
        self._bar: Any = None

    def __call__(self, event: Event) -> None:
        if event["event"] == "message":
            self._kind.write(event["text"])
            return
        if self._bar is None:
            layout = "{desc}: {percentage:3.0f}%|{bar}| {elapsed}<{postfix}"
            self._bar = self._kind(**{"total": 1.0, "bar_format": layout, **self._options})
        left = event.get("eta_s")
        self._bar.set_description_str(_label(event) or "climnorm", refresh=False)
        self._bar.set_postfix_str(self._bar.format_interval(left) if left is not None else "?", refresh=False)
        self._bar.n = fraction(event)
        self._bar.refresh()
        if event["event"] == "end":
            self.close()

    def close(self) -> None:
        if self._bar is not None:
            self._bar.close()
            self._bar = None


def tqdm(**options: Any) -> _Tqdm:
    """A bar of tqdm, on terminals and in notebooks. Options are those of ``tqdm.tqdm``."""
    return _Tqdm(options)


class _Rich:
    def __init__(self, options: dict[str, Any]) -> None:
        self._module = importlib.import_module("rich.progress")
        self._options = options
        self._display: Any = None
        self._tasks: dict[str, Any] = {}

    def __call__(self, event: Event) -> None:
        if self._display is None:
            rich = self._module
            columns = (rich.TextColumn("{task.description}"), rich.BarColumn(), rich.TaskProgressColumn(),
                       rich.TextColumn("{task.fields[state]}"), rich.TimeElapsedColumn())
            self._display = rich.Progress(*columns, **self._options)
            self._display.start()
        if event["event"] == "message":
            self._display.console.print(event["text"], markup=False)
        for variable in event.get("variables", []):
            name = _name(variable)
            if name not in self._tasks:
                self._tasks[name] = self._display.add_task(name, total=1.0, state="waiting", start=False)
            task = self._tasks[name]
            if variable["state"] != "waiting":
                self._display.start_task(task)
            self._display.update(task, completed=variable["fraction"], state=variable["state"])
        if event["event"] == "end":
            self.close()

    def close(self) -> None:
        if self._display is not None:
            self._display.stop()
            self._display, self._tasks = None, {}


def rich(**options: Any) -> _Rich:
    """A bar of rich for each variable. Options are those of ``rich.progress.Progress``."""
    return _Rich(options)
