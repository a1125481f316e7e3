"""Rewrites a tree of a regular grid as one of cells with places of their own: other_grids.py TREE NEW
curvilinear|unstructured. The chunks are copied as they are, so that both trees inflate alike. Runs by
itself, with the first Python that has netCDF4 and h5py."""
import os
import sys

import h5py
import netCDF4
import numpy as np


def rewrite(source, target, dims):
    with netCDF4.Dataset(source) as old, netCDF4.Dataset(target, "w") as new:
        name = next(name for name, var in old.variables.items() if var.ndim == 3)
        data, time = old[name], old["time"]
        shape = data.shape[1:] if len(dims) == 2 else (data.shape[1] * data.shape[2],)
        chunk = data.chunking()
        if chunk[1:] != list(data.shape[1:]):
            sys.exit(f"{source}: its chunks cut days")
        for dim, size in zip(("time", *dims), (len(time), *shape)):
            new.createDimension(dim, size)
        var = new.createVariable("time", time.dtype, ("time",))
        var.setncatts(time.__dict__)
        var[:] = time[:]
        for axis, values in zip(("lat", "lon"), np.meshgrid(old["lat"][:], old["lon"][:], indexing="ij")):
            var = new.createVariable(axis, "f8", dims)
            var.units = old[axis].units
            var[:] = values.reshape(shape)
        filters = data.filters()
        var = new.createVariable(name, data.dtype, ("time", *dims), zlib=filters["zlib"],
                                 complevel=filters["complevel"], shuffle=filters["shuffle"],
                                 chunksizes=(chunk[0], *shape), fill_value=data._FillValue)
        var.setncatts({key: value for key, value in data.__dict__.items() if key != "_FillValue"})
        var.coordinates = "lat lon"
    with h5py.File(source) as old, h5py.File(target, "r+") as new:
        behind = (0,) * len(dims)
        for number in range(old[name].id.get_num_chunks()):
            at = old[name].id.get_chunk_info(number).chunk_offset
            mask, stored = old[name].id.read_direct_chunk(at)
            new[name].id.write_direct_chunk((at[0], *behind), stored, mask)


def main(tree, made, kind):
    dims = {"curvilinear": ("y", "x"), "unstructured": ("cell",)}[kind]
    for folder, _, names in os.walk(tree):
        for name in names:
            if name.endswith(".nc"):
                os.makedirs(made, exist_ok=True)
                rewrite(os.path.join(folder, name), os.path.join(made, name), dims)


if __name__ == "__main__":
    main(*sys.argv[1:])
