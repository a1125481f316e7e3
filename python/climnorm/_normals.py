"""Normals as a dataset, without a config."""
from __future__ import annotations

import operator
import os
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeAlias

import xarray

from climnorm._config import merged, nested
from climnorm._errors import ConfigError, InputError
from climnorm._library import Progress, supervise
from climnorm._memory import Job, dataset_of

PathLike: TypeAlias = "str | os.PathLike[str]"
Span: TypeAlias = "str | tuple[int, int]"
Region: TypeAlias = "str | tuple[float, float, float, float] | Mapping[str, Any]"


def _span(years: Span) -> tuple[int, int]:
    """
    >>> _span("1991-2020"), _span((1991, 2020))
    ((1991, 2020), (1991, 2020))
    """
    try:
        first, last = map(int, years.split("-")) if isinstance(years, str) else map(operator.index, years)
    except (TypeError, ValueError):
        raise ConfigError([f'years: expected "1991-2020" or (1991, 2020), or a list of such spans, not '
                           f"{years!r}"]) from None
    return first, last


def _normals_group(years: Span | Sequence[Span]) -> dict[str, Any]:
    """
    >>> _normals_group(["1981-2010", "1991-2020"])
    {'window': 30, 'targets': [2010, 2020]}
    """
    is_list = isinstance(years, (list, tuple)) and any(isinstance(one, (str, list, tuple)) for one in years)
    spans = [_span(one) for one in (years if is_list else [years])]  # type: ignore[list-item]
    windows = {last - first + 1 for first, last in spans}
    if len(windows) != 1 or min(windows) < 1:
        raise ConfigError([f"years: expected spans of one length, not of {sorted(windows)} years"])
    return {"window": windows.pop(), "targets": [last for _, last in spans]}


def _region_groups(region: Region) -> dict[str, Any]:
    """
    >>> _region_groups("CONUS")
    {'regions': ['CONUS']}
    >>> _region_groups((4, 17, 43, 49))["custom_regions"][0]["title"]
    '4 to 17 degrees east, 43 to 49 degrees north'
    """
    if isinstance(region, str):
        return {"regions": [region]}
    if isinstance(region, Mapping):
        return {"regions": [], "custom_regions": [{"name": "box", **region}]}
    try:
        west, east, south, north = map(float, region)
    except (TypeError, ValueError):
        raise ConfigError(['region: expected a name such as "CONUS", (west, east, south, north) or a dict of '
                           f"name, lon and lat, not {region!r}"]) from None
    title = f"{west:g} to {east:g} degrees east, {south:g} to {north:g} degrees north"
    return {"regions": [], "custom_regions": [{"name": "box", "title": title, "lon": [west, east],
                                               "lat": [south, north]}]}


def _several(value: Any) -> list[Any] | None:
    if value is None:
        return None
    is_one = isinstance(value, (str, os.PathLike, Mapping)) or not isinstance(value, Iterable)
    return [value] if is_one else list(value)


def _variable_groups(variable: str | Sequence[str] | Mapping[str, str] | None) -> dict[str, Any]:
    """
    >>> _variable_groups("tas"), _variable_groups({"tas": "t2m"})["input.datasets"]
    ({'variables': ['tas']}, [{'files': '**/*', 'variable': 'tas', 'in_file': 't2m'}])
    """
    if not isinstance(variable, Mapping):
        return {"variables": _several(variable)}
    entries = [{"files": "**/*", "variable": name, "in_file": in_file} for name, in_file in variable.items()]
    return {"variables": list(variable), "input.datasets": entries}


def _products(products: Any) -> list[dict[str, Any]] | None:
    """
    >>> _products({"normal": {}, "p90": {"over": "p90", "pool": 5}})
    [{'name': 'normal'}, {'name': 'p90', 'over': 'p90', 'pool': 5}]
    """
    if isinstance(products, Mapping):
        return [{"name": name, **(settings or {})} for name, settings in products.items()]
    return _several(products)


def normals(paths: PathLike | Sequence[PathLike], years: Span | Sequence[Span] = "1991-2020",
            region: Region = "GLOBAL", *,
            products: Mapping[str, Mapping[str, Any]] | Sequence[Mapping[str, Any]] | None = None,
            variable: str | Sequence[str] | Mapping[str, str] | None = None, model: str | None = None,
            scenario: str | None = None, progress: Progress | None = None,
            **config: Any) -> xarray.Dataset:
    """The normals of daily files as a dataset in memory.

    :param paths: a folder or a file, or several.
    :param years: the years that are averaged: ``"1991-2020"`` or ``(1991, 2020)``. Several spans of one
        length are along ``target_year``, the last year of each.
    :param region: a built-in region such as ``"CONUS"``, a box ``(west, east, south, north)`` in degrees,
        or ``{"name": "alps", "lon": [4, 17], "lat": [43, 49]}``.
    :param products: other statistics than the mean of each day, by name:
        ``{"normal": {}, "p90": {"over": "p90"}, "monthly": {"time": "month"}}``; docs/products.md.
    :param variable: of these variables; without it of all that the files hold. Files of any name are read
        with a dict of what each variable is called inside them: ``{"tas": "t2m"}``.
    :param model, scenario: where files of several are there.
    :param progress: as ``climnorm.run`` has it.
    :param config: any other values of a config: ``normals={"leap_day": "month_day"}``.
    :return: as ``climnorm.open`` has it; a single target year is no dimension. Nothing is written: arrays are
        the memory of the job.
    :raises InputError: nothing can be made of the input.
    """
    asked = nested({"input": {"root": _several(paths), "model": model}, **_variable_groups(variable),
                    "scenarios": _several(scenario), "normals": _normals_group(years),
                    **_region_groups(region), "products": _products(products)})
    whole = merged(asked, nested(config))
    try:
        job = supervise(lambda watch: Job(whole, watch), progress)
    except ConfigError as error:
        if "input.datasets" in str(error) and not isinstance(variable, Mapping):
            error.problems.append("or give normals what each variable is called in the files, such as "
                                  'variable={"tas": "t2m"}')
        raise
    job.result.warn(stacklevel=3)
    made = dataset_of(job)
    if made is None:
        raise InputError(job.result.problems or ["no normals can be made"])
    return made if made.sizes["target_year"] > 1 else made.isel(target_year=0)
