"""Results that a job leaves in memory, as a dataset."""
from __future__ import annotations

import weakref
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import netCDF4
import numpy as np
import xarray
from xarray.backends import NetCDF4DataStore

from climnorm._config import Config
from climnorm._jobs import Result, execute, prepared
from climnorm._library import Watch, read_config
from climnorm._native import ffi, lib
from climnorm._neat import LOCK, neat, open_output, public_name, shared_attrs


class Job:
    """A job that has run in memory. It is freed with the last array of its results."""

    def __init__(self, config: Config, watch: Watch) -> None:
        with ExitStack() as stack:
            read = stack.enter_context(read_config(config, {}))
            self.job = stack.enter_context(prepared(read, watch, is_run=True, in_memory=True))
            self.result = Result(execute(self.job, watch), "")
            weakref.finalize(self, stack.pop_all().close).atexit = False

    def array(self, address: Any, kind: str, values: Any) -> Any:
        """An array over memory of the job, which it keeps alive."""
        return np.asarray(_Memory(self, int(ffi.cast("uintptr_t", address)), kind,
                                  tuple(values.shape[0:values.rank])))

    def values(self) -> Iterator[Any]:
        """Each struct cn_values that was made."""
        for i in range(self.job.value_count):
            if self.job.values[i].values != ffi.NULL and self.job.values[i].image != ffi.NULL:
                yield self.job.values[i]


class _Memory:
    def __init__(self, owner: Job, address: int, kind: str, shape: tuple[int, ...]) -> None:
        self.owner = owner
        self.__array_interface__ = {"data": (address, False), "typestr": kind, "shape": shape, "version": 3}


def _text(value: Any) -> str:
    return bytes(ffi.string(value)).decode("utf-8", "replace")


def _of_values(job: Job, values: Any) -> xarray.Dataset:
    """Coordinates and attributes come from the image, values from where they are."""
    lib.native_quiet()
    with LOCK:
        image = netCDF4.Dataset("image", memory=bytes(ffi.buffer(values.image, values.image_size)))
        try:
            made = _read_image(image, job, values)
        finally:
            image.close()  # not through xarray, which would wait for the lock
    scenario = _text(values.scenario)
    return made.assign_coords(scenario=("target_year", [scenario] * made.sizes["target_year"]))


def _read_image(image: netCDF4.Dataset, job: Job, values: Any) -> xarray.Dataset:
    dataset = open_output(NetCDF4DataStore(image, lock=False))  # type: ignore[no-untyped-call,unused-ignore]
    name = _text(values.name)
    public = public_name(_text(values.variable), _text(values.product))
    arrays = {name: (job.array(values.values, "=f4", values), public)}
    if values.counts != ffi.NULL:
        kind = f"=i{values.count_size}"
        arrays[_text(values.count_name)] = job.array(values.counts, kind, values), public + "_count"
    for key, (array, _) in arrays.items():
        dataset[key] = dataset[key].variable.dims, array, dataset[key].attrs
    made = neat(dataset, {key: public for key, (_, public) in arrays.items()})
    made = made.assign_coords({key: made[key].load() for key in made.coords})
    made.attrs = dataset.attrs
    return made


def _along_years(parts: list[xarray.Dataset], what: str) -> xarray.Dataset:
    """The same product of several periods."""
    if len(parts) == 1:
        return parts[0]
    made = xarray.concat(parts, "target_year", data_vars="minimal", coords="minimal", compat="override",
                         combine_attrs="override").sortby("target_year")
    years = made.target_year.values.tolist()
    twice = next((year for year in years if years.count(year) > 1), None)
    if twice is not None:
        raise ValueError(f"{what}: target year {twice} is of several scenarios; choose one by scenario=…: "
                         f"{', '.join(sorted(set(made.scenario.sel(target_year=twice).values.tolist())))}")
    return made


def dataset_of(job: Job) -> xarray.Dataset | None:
    """All results as one dataset; None: there are none."""
    parts: dict[tuple[str, str], list[xarray.Dataset]] = {}
    models: set[str] = set()
    for values in job.values():
        key = _text(values.variable), _text(values.product)
        models.add(_text(values.model))
        parts.setdefault(key, []).append(_of_values(job, values))
    if not parts:
        return None
    if len(models) > 1:
        raise ValueError("the results are of several models; choose one by model=…: "
                         + ", ".join(sorted(models)))
    whole = [_along_years(several, " ".join(key)) for key, several in sorted(parts.items())]
    made = xarray.merge([part.drop_vars("scenario") for part in whole], join="outer", compat="equals",
                        combine_attrs="override")
    made.attrs = shared_attrs([part.attrs for part in whole])
    scenarios = {int(year): str(name) for part in whole
                 for year, name in zip(part.target_year.values, part.scenario.values)}
    years = made.target_year.values.tolist()
    return made.assign_coords(scenario=("target_year", [scenarios[year] for year in years]))
