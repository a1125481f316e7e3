"""Outputs as xarray users expect them: groups of days are dimensions with names of their own."""
from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from typing import Any

import numpy as np
import xarray

from xarray.backends.common import AbstractDataStore
from xarray.backends.netCDF4_ import NETCDF4_PYTHON_LOCK

from climnorm._native import lib

LOCK = NETCDF4_PYTHON_LOCK  # of all that xarray does with netCDF4, which is not safe for threads

SEASONS = np.array(["DJF", "MAM", "JJA", "SON"])
# What is true of one file, and not of a dataset of several.
_OF_ONE_FILE = {"title", "summary", "keywords", "id", "date_created", "comment", "product", "variable",
                "period", "history", "processing_level", "target_year", "source_years",
                "number_of_years", "missing_source_years", "source_files", "source_versions",
                "scenario", "baseline_years", "number_of_baseline_years", "time_coverage_start",
                "time_coverage_end", "time_coverage_duration", "time_coverage_resolution",
                "climnorm_config_digest", "climnorm_inputs_digest", "climnorm_content_digest"}
_ALONG_YEARS = {"source_years", "missing_source_years", "source_versions", "source_files", "scenario",
                "number_of_years", "number_of_baseline_years", "baseline_years"}


def data_name(dataset: xarray.Dataset) -> str:
    """What the variable of an output is called in its file."""
    for name, variable in dataset.variables.items():
        if variable.attrs.get("coverage_content_type") == "modelResult":
            return str(name)
    raise ValueError("no variable of the file is a result")


def public_name(variable: str, product: str) -> str:
    """What it is called in datasets.

    >>> public_name("tas", "normal"), public_name("tas", "hot-days")
    ('tas', 'tas_hot_days')
    """
    return variable if product == "normal" else f"{variable}_{product}".replace("-", "_")


def neat(dataset: xarray.Dataset, names: Mapping[str, str]) -> xarray.Dataset:
    """The variables that `names` renames, of a dataset from ``open_output``: with a dimension dayofyear,
    month (1 to 12) or season ("DJF" …), none for a year, and without dates of one target year."""
    resolution = dataset.attrs.get("time_coverage_resolution")
    dates = {"climatology_time", "climatology_bnds"} | _ALONG_YEARS
    if resolution == "P1D" and "time" in dataset.dims:
        dataset = dataset.swap_dims(time="dayofyear")
    dataset = dataset.drop_vars([name for name in dataset.variables if name in dates | {"time"}])
    if resolution == "P1M":
        dataset = dataset.rename(time="month").assign_coords(month=np.arange(1, 13))
    elif resolution == "P3M":
        dataset = dataset.rename(time="season").assign_coords(season=SEASONS)
    elif resolution == "P1Y":
        dataset = dataset.isel(time=0)
    kept = dataset[list(names)].assign_coords({name: dataset[name] for name in dataset.coords})
    for name in names:
        for key in ("coordinates", "grid_mapping"):
            kept[name].encoding.pop(key, None)
    return kept.rename(names)


def open_output(source: Any) -> xarray.Dataset:
    """source: a path, or a store of xarray. Who opens holds LOCK until it is closed."""
    lib.native_quiet()
    options: Any = {} if isinstance(source, AbstractDataStore) else {"engine": "netcdf4", "lock": False}
    return xarray.open_dataset(source, decode_times=False, decode_coords="all", cache=False, **options)


def shared_attrs(datasets: Iterable[Mapping[Hashable, Any]]) -> dict[str, Any]:
    """Attributes that all have alike and that are of more than one file."""
    several = list(datasets)
    return {str(key): value for key, value in several[0].items() if key not in _OF_ONE_FILE
            and all(key in other and np.array_equal(other[key], value) for other in several)}
