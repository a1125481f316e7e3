"""Plans and runs of whole jobs."""
from __future__ import annotations

import json
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import xarray

from climnorm._config import Config
from climnorm._errors import MissingWarning
from climnorm._files import open_root
from climnorm._library import Progress, Watch, raise_status, read_config, supervise, take_text
from climnorm._native import ffi, lib


class Plan(dict[str, Any]):
    """What ``climnorm plan --json`` says, as a dict."""

    @property
    def problems(self) -> list[str]:
        """What is missing, or wrong with the input."""
        return list(self["problems"])

    @property
    def warnings(self) -> list[str]:
        return list(self["warnings"])


class Result(dict[str, Any]):
    """What came of a run, with the keys of ``climnorm run --summary``."""

    def __init__(self, summary: dict[str, Any], root: str) -> None:
        super().__init__(summary)
        self.root = root  # the folder of the outputs

    def _texts(self) -> list[str]:
        of_variables = [f"{variable['name']}: {text}" for variable in self["variables"]
                        for text in variable["problems"]]
        return [*self["problems"], *of_variables]

    @property
    def problems(self) -> list[str]:
        """Why results are missing, of the job and of all variables."""
        return [text for text in self._texts() if "warning: " not in text]

    @property
    def warnings(self) -> list[str]:
        return [text for text in self._texts() if "warning: " in text]

    @property
    def complete(self) -> bool:
        """Whether all that was asked for is there."""
        return bool(self["exit_code"] == 0)

    def warn(self, stacklevel: int) -> None:
        """Warns of what is missing."""
        if self.problems:
            warnings.warn("\n".join(self.problems), MissingWarning, stacklevel=stacklevel)

    def open(self, **choices: Any) -> xarray.Dataset:
        """The outputs as one dataset; choices as ``climnorm.open`` has them."""
        return open_root(self.root, **choices)


def _text_of(error: Any) -> list[str]:
    return [ffi.string(error.text).decode("utf-8", "replace")]


@contextmanager
def prepared(config: Any, watch: Watch, **options: Any) -> Iterator[Any]:
    """The job as a struct cn_job."""
    made = ffi.new("struct cn_job **")
    error = ffi.new("struct cn_error *")
    asked = ffi.new("struct cn_job_options *", {"watch": watch.watch, **options})
    status = lib.cn_job_prepare(config, asked, made, error)
    try:
        raise_status(status, _text_of(error) if status else [])
        yield made[0]
    finally:
        lib.cn_job_free(made[0])


def _shard(part: tuple[int, int] | None) -> dict[str, int]:
    return {"number": part[0], "count": part[1]} if part else {}


def plan(config: Config, *, estimate: bool = True, files: bool = False, shard: tuple[int, int] | None = None,
         progress: Progress | None = None, **overrides: Any) -> Plan:
    """What a run would read and make, what is missing, and how long it would take. Writes nothing.

    :param config: a path, or a dict such as ``{"input": {"root": "data"}, "output": {"root": "normals"}}``.
    :param estimate: measures for about a second how long a run would take.
    :param files: lists every output, too.
    :param shard: ``(2, 8)``: the second of eight parts.
    :param overrides: replace values of the config: ``engine={"threads": 2}, variables=["tas"]``.
    :raises ConfigError, MachineError:
    """
    def work(watch: Watch) -> Plan:
        with (read_config(config, overrides) as read,
              prepared(read, watch, shard=_shard(shard)) as job):
            time = ffi.new("struct cn_estimate *")
            if estimate:
                lib.cn_job_estimate(job, watch.watch, time)
            return Plan(json.loads(take_text(lib.cn_job_plan_json(job, time, files))))

    return supervise(work, progress)


def execute(job: Any, watch: Watch) -> dict[str, Any]:
    """Runs a prepared job; its summary."""
    result = ffi.new("struct cn_result *")
    lib.cn_job_run(job, watch.watch, result)
    watch.end_display()
    try:
        codes = {lib.CN_OK: 0, lib.CN_BAD_INPUT: 2, lib.CN_BAD_MACHINE: 3}
        text = take_text(lib.cn_result_json(result, codes.get(result.status, 130)))
        summary: dict[str, Any] = json.loads(text)
        if result.status != lib.CN_BAD_INPUT:
            raise_status(result.status, Result(summary, "").problems or ["the run was stopped"])
    finally:
        lib.cn_result_free(result)
    return summary


def run(config: Config, *, progress: Progress | None = None, shard: tuple[int, int] | None = None,
        wait: bool = False, **overrides: Any) -> Result:
    """Makes the outputs of a config. What is there already, and right, is kept.

    Ctrl-C stops the run; what is finished stays, and the next run goes on. Other Python threads run
    meanwhile. Results that are missing because of their input cause a MissingWarning.

    :param config, shard, overrides: as ``plan`` has them.
    :param progress: is called with each event of docs/progress.md as a dict; what it raises stops the run.
        See ``climnorm.progress``.
    :param wait: for another run that has the output folder.
    :raises ConfigError, MachineError:
    """
    def work(watch: Watch) -> Result:
        with (read_config(config, overrides) as read,
              prepared(read, watch, is_run=True, waits=wait, shard=_shard(shard)) as job):
            return Result(execute(job, watch), os.fsdecode(ffi.string(lib.native_output_root(read))))

    result = supervise(work, progress)
    result.warn(stacklevel=3)
    return result
