"""The outputs of runs as one dataset."""
from __future__ import annotations

import importlib.util
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import netCDF4
import numpy as np
import xarray
from xarray.backends import BackendArray
from xarray.core import indexing

from climnorm._native import lib
from climnorm._neat import LOCK, neat, open_output, public_name, shared_attrs


@dataclass(frozen=True)
class _Piece:
    """A target year of an output."""

    path: str
    name: str  # of the variable in the file
    counts: bool  # whether NAME_count is beside it
    position: int | None  # along target_year; None: the file has no such dimension
    variable: str
    product: str
    year: int
    region: str
    model: str
    variant: str
    scenario: str
    window: int

    @property
    def key(self) -> tuple[str, str]:
        return self.variable, self.product


def _texts(file: netCDF4.Dataset, name: str, count: int) -> list[str]:
    """An attribute of the file, or a variable along target_year."""
    if name not in file.variables:
        return [str(getattr(file, name, ""))] * count
    return [str(row) for row in np.atleast_1d(file.variables[name][:])]  # it decodes _Encoding


def _pieces(path: Path) -> Iterable[_Piece]:
    """The target years of a file; none: it is no output."""
    lib.native_quiet()
    with LOCK, netCDF4.Dataset(path) as file:
        if not hasattr(file, "climnorm_version"):
            return
        name = next(name for name, variable in file.variables.items()
                    if getattr(variable, "coverage_content_type", "") == "modelResult")
        years = np.atleast_1d(file.variables["target_year"][:]).tolist()
        stacked = "target_year" in file.dimensions
        spans = [span.split("-") for span in _texts(file, "source_years", len(years))]
        for i, (year, span, scenario) in enumerate(zip(years, spans,
                                                       _texts(file, "scenario", len(years)))):
            yield _Piece(str(path), name, name + "_count" in file.variables, i if stacked else None,
                         getattr(file, "variable", name), file.product, year, file.region,
                         getattr(file, "model", ""), getattr(file, "variant", ""), scenario,
                         int(span[1]) - int(span[0]) + 1)


class _YearsArray(BackendArray):
    """A variable of many files along target years; reads what is asked for."""

    def __init__(self, places: Sequence[tuple[str, int | None] | None], name: str,
                 shape: tuple[int, ...], dtype: np.dtype[Any]) -> None:
        self.places, self.name = places, name
        self.shape = (len(places), *shape)
        self.dtype = dtype

    def __getitem__(self, key: indexing.ExplicitIndexer) -> Any:
        return indexing.explicit_indexing_adapter(key, self.shape, indexing.IndexingSupport.BASIC,
                                                  self._read)

    def _read(self, key: tuple[Any, ...]) -> Any:
        years, rest = key[0], key[1:]
        if not isinstance(years, slice):
            return self._read_year(int(years), rest)
        made = [self._read_year(year, rest) for year in range(len(self.places))[years]]
        if made:
            return np.stack(made)
        return np.empty(self.shape, self.dtype)[(slice(0, 0), *rest)]

    def _read_year(self, year: int, rest: tuple[Any, ...]) -> Any:
        place = self.places[year]
        if place is None:
            return np.full_like(np.broadcast_to(self.dtype.type(0), self.shape[1:])[rest], np.nan)
        path, position = place
        with LOCK, open_output(path) as dataset:
            variable = dataset[self.name].variable
            if position is not None:
                variable = variable[position]
            if variable.ndim > len(self.shape) - 1:  # the year's only value
                variable = variable.isel(time=0)
            return np.asarray(variable[rest].values, self.dtype)


def _choose(pieces: list[_Piece], what: str, asked: str | int | None) -> list[_Piece]:
    """Those that have the value; without one, all must have the same."""
    there = sorted({getattr(piece, what) for piece in pieces})
    listed = ", ".join(map(str, there))
    if asked is not None:
        if asked not in there:
            raise ValueError(f"{what}={asked!r} is not there; there {'is' if len(there) == 1 else 'are'} "
                             f"{listed}")
        return [piece for piece in pieces if getattr(piece, what) == asked]
    if len(there) > 1 and what != "window":
        raise ValueError(f"the outputs are of several {what}s; choose one by {what}=…: {listed}")
    return pieces


def _choose_scenario(pieces: list[_Piece], asked: str | None) -> list[_Piece]:
    """The timeline of a scenario: with its historical years."""
    later = sorted({piece.scenario for piece in pieces} - {"historical"})
    if asked is None and len(later) > 1:
        raise ValueError("the outputs are of several scenarios; choose one by scenario=…, which has the "
                         f"historical target years too: {', '.join(later)}")
    if asked is not None and asked not in {*later, "historical"}:
        raise ValueError(f"scenario={asked!r} is not there; there are: {', '.join(['historical', *later])}")
    return [p for p in pieces if asked is None or p.scenario in ("historical", asked)]


def _by_year(pieces: list[_Piece]) -> dict[int, _Piece]:
    found: dict[int, _Piece] = {}
    for piece in pieces:
        other = found.setdefault(piece.year, piece)
        if other is not piece:
            hint = (f"; choose one by window=…: {', '.join(map(str, sorted({p.window for p in pieces})))}"
                    if other.window != piece.window else "")
            raise ValueError(f"{piece.variable} {piece.product} of target year {piece.year} is there twice: "
                             f"{other.path}, {piece.path}{hint}")
    return found


def _of_product(pieces: list[_Piece], years: list[int]) -> xarray.Dataset:
    """One variable and product of all years, lazy."""
    found = _by_year(pieces)
    first = next(iter(found.values()))
    name = public_name(*first.key)
    names = {first.name: name}
    if first.counts:
        names[first.name + "_count"] = name + "_count"
    with LOCK, open_output(first.path) as opened:
        template = neat(opened, names)
        if first.position is not None:
            template = template.isel(target_year=first.position, drop=True)
        template = template.drop_vars("target_year", errors="ignore")
        template = template.assign_coords({key: value.load() for key, value in template.coords.items()})
        attrs = dict(opened.attrs)
    made = template.drop_vars(list(names.values())).assign_coords(target_year=years)
    made.attrs = attrs
    places = [(found[year].path, found[year].position) if year in found else None for year in years]
    for in_file, public in names.items():
        one = template[public].variable
        dtype = one.dtype if None not in places else np.result_type(one.dtype, np.float32)
        lazy = indexing.LazilyIndexedArray(_YearsArray(places, in_file, one.shape, dtype))
        made[public] = xarray.Variable(("target_year", *one.dims), lazy, one.attrs)
    return made


def open_root(root: str | os.PathLike[str], *, region: str | None = None, model: str | None = None,
              variant: str | None = None, scenario: str | None = None, window: int | None = None,
              variables: Sequence[str] | None = None, products: Sequence[str] | None = None,
              chunks: str | Mapping[str, int] | None = "auto") -> xarray.Dataset:
    """Opens all outputs below a folder as one lazy dataset.

    Each variable and product is a data variable: ``tas`` for the product ``normal`` of tas, ``tas_p90``
    for its product ``p90``. Its dimensions are ``target_year``, then ``dayofyear``, ``month`` or
    ``season``, then those of the grid. Files of both layouts may lie side by side. Values are read when
    they are needed. A target year that a variable lacks is NaN.

    :param region, model, variant: which one; needed where there are several, because their grids differ.
    :param scenario: the scenario whose target years follow the historical ones.
    :param window: of which length, where there are several.
    :param variables, products: only these.
    :param chunks: "auto": dask arrays with a chunk for each target year, where dask is installed;
        None: no dask; else as ``Dataset.chunk`` takes it.
    :raises ValueError: a choice is needed; the text lists what there is.
    """
    folder = Path(root)
    if not folder.exists():
        raise FileNotFoundError(f"{folder}: no such folder")
    paths = [folder] if folder.is_file() else sorted(
        path for path in folder.rglob("*.nc") if not path.name.startswith("."))
    pieces = [piece for path in paths for piece in list(_pieces(path))]
    if variables is not None:
        pieces = [piece for piece in pieces if piece.variable in variables]
    if products is not None:
        pieces = [piece for piece in pieces if piece.product in products]
    if not pieces:
        which = "" if variables is products is None else " of these variables and products"
        raise FileNotFoundError(f"{folder}: no outputs of climnorm{which}")
    for what, asked in ("region", region), ("model", model), ("variant", variant), ("window", window):
        pieces = _choose(pieces, what, asked)
    pieces = _choose_scenario(pieces, scenario)
    years = sorted({piece.year for piece in pieces})
    keys = sorted({piece.key for piece in pieces})
    parts = [_of_product([piece for piece in pieces if piece.key == key], years) for key in keys]
    try:
        made = xarray.merge(parts, join="exact", compat="equals", combine_attrs="override")
    except ValueError as error:
        raise ValueError("variables are on different grids; choose some by variables=…: "
                         f"{', '.join(dict.fromkeys(key[0] for key in keys))} ({error})") from error
    made.attrs = shared_attrs([part.attrs for part in parts])
    scenarios = {piece.year: piece.scenario for piece in pieces}
    made = made.assign_coords(scenario=("target_year", [scenarios[year] for year in years]))
    if chunks == "auto":
        chunks = {"target_year": 1} if importlib.util.find_spec("dask") else None
    if chunks is not None:
        made = made.assign({name: value.chunk(chunks) for name, value in made.data_vars.items()})
    return made
