"""HDF5's filters, written again in a few lines, and files whose chunks went through them.

Chunks are stored as they are, so neither HDF5's filters nor its plugins are needed. It must not know
how the program reads a file.
"""
import struct
import zlib

import h5py
import numpy as np
import zstandard

IDS = {"deflate": 1, "shuffle": 2, "fletcher32": 3, "zstd": 32015}


def shuffle(data, width):
    whole = len(data) // width * width
    return np.frombuffer(data[:whole], "u1").reshape(-1, width).T.tobytes() + data[whole:]


def fletcher32(data):
    """The sums by their definition, in whole numbers of any length."""
    words = [int(w) for w in np.frombuffer(data[:len(data) // 2 * 2], ">u2")]
    if len(data) % 2:
        words.append(data[-1] << 8)
    low = high = 0
    for word in words:
        low += word
        high += low

    def fold(total):
        while total > 0xffff:
            total = (total & 0xffff) + (total >> 16)
        return total
    return fold(high) << 16 | fold(low)


def encode(data, steps, mask, width):
    """A chunk's bytes as they are stored; bit k of mask: step k is left out."""
    for k, step in enumerate(steps):
        if mask >> k & 1:
            continue
        if step == "shuffle":
            data = shuffle(data, width)
        elif step.startswith("fletcher32"):
            checksum = struct.pack("<I", fletcher32(data))
            if step == "fletcher32 swapped":  # as HDF5 before 1.6.3 wrote it on some machines
                checksum = bytes(checksum[i] for i in (1, 0, 3, 2))
            data += checksum
        elif step == "deflate":
            data = zlib.compress(data, 3)
        else:
            data = zstandard.ZstdCompressor(level=3).compress(data)
    return data


def refilter(path, variable, steps, chunks, mask=lambda i: 0, store=lambda i, data: data):
    """Stores a variable of an HDF5 file again, in chunks that went through `steps`. mask(i): the
    filters that chunk i leaves out; store(i, data): what is stored for it, None: nothing."""
    with h5py.File(path, "r+") as f:
        old = f[variable]
        values, attributes, scales = old[...], dict(old.attrs), [d[0].name for d in old.dims]
        fill, width = old.fillvalue, old.dtype.itemsize
        del f[variable]
        properties = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        properties.set_chunk(chunks)
        properties.set_fill_value(np.asarray(fill, old_type := values.dtype))
        for step in steps:
            parameters = {"shuffle": (width,), "deflate": (3,), "zstd": (3,)}
            step = step.split()[0]
            properties.set_filter(IDS[step], h5py.h5z.FLAG_OPTIONAL, parameters.get(step, ()))
        new = h5py.h5d.create(f.id, variable.encode(), h5py.h5t.py_create(old_type),
                              h5py.h5s.create_simple(values.shape), properties)
        counts = [-(-n // c) for n, c in zip(values.shape, chunks)]
        for i, at in enumerate(np.ndindex(*counts)):
            first = tuple(a * c for a, c in zip(at, chunks))
            part = values[tuple(slice(a, a + c) for a, c in zip(first, chunks))]
            chunk = np.full(chunks, 7, old_type)  # beyond the edge: anything
            chunk[tuple(slice(0, n) for n in part.shape)] = part
            data = store(i, encode(chunk.tobytes(), steps, mask(i), width))
            if data is not None:
                new.write_direct_chunk(first, data, mask(i))
        for i, name in enumerate(scales):
            f[variable].dims[i].attach_scale(f[name])
        for key, value in attributes.items():
            if key not in ("DIMENSION_LIST", "REFERENCE_LIST"):
                f[variable].attrs.create(key, value)
