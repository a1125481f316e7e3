"""HDF5's filters: some written again in a few lines, so that neither HDF5's own nor its plugins are
needed, all others through HDF5; and files whose chunks went through them.

A step is the name of a filter, with its parameters where it has any: "lz4:4096". It must not know
how the program reads a file.
"""
import struct
import zlib

import h5py
import numpy as np
import zstandard

# Identifier, parameters without those that HDF5 works out from type and chunk.
FILTERS = {"deflate": (1, (3,)), "shuffle": (2, ()), "fletcher32": (3, ()),
           "szip": (4, (h5py.h5z.SZIP_NN_OPTION_MASK, 8)), "nbit": (5, ()),
           "scaleoffset": (6, (h5py.h5z.SO_FLOAT_DSCALE, 2)), "bzip2": (307, (9,)),
           "blosc": (32001, (0, 0, 0, 0, 5, 1, 0)), "lz4": (32004, (0,)), "zstd": (32015, (3,)),
           "same": (300, (0,))}  # of test_decode_workers: changes nothing


def filter_of(step):
    """"lz4:4096" -> (32004, (4096,)); blosc takes level, shuffle mode and compressor."""
    name, _, text = step.partition(":")
    number, parameters = FILTERS[name.split()[0]]
    given = tuple(int(n) for n in text.split(",")) if text else ()
    return number, parameters[:len(parameters) - len(given)] + given if given else parameters


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


def through_hdf5(data, step, width):
    """What HDF5 and its plugins make of the values, or of bytes where these are no values."""
    values = np.frombuffer(data, "u1" if len(data) % width else f"u{width}")
    with h5py.File("memory", "w", driver="core", backing_store=False) as f:
        new = new_dataset(f, "x", values.dtype, values.shape, values.shape, [step])
        new.write(h5py.h5s.ALL, h5py.h5s.ALL, values)
        return new.read_direct_chunk((0,))[1]


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
        elif step == "zstd":
            data = zstandard.ZstdCompressor(level=3).compress(data)
        elif not step.startswith("same"):
            data = through_hdf5(data, step, width)
    return data


def new_dataset(f, name, kind, shape, chunks, steps, fill=None):
    """kind: a numpy type or one of HDF5. HDF5 leaves a filter out of a chunk that does not become
    shorter by it, and needs a plugin only for what it writes itself."""
    kind = kind if isinstance(kind, h5py.h5t.TypeID) else h5py.h5t.py_create(kind)
    properties = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    properties.set_chunk(chunks)
    if fill is not None:
        properties.set_fill_value(np.asarray(fill))
    for step in steps:
        number, parameters = filter_of(step)
        if step == "shuffle":  # HDF5 works it out for the first one alone
            parameters = (kind.get_size(),)
        properties.set_filter(number, h5py.h5z.FLAG_OPTIONAL, parameters)
    return h5py.h5d.create(f.id, name.encode(), kind, h5py.h5s.create_simple(shape), properties)


def replace(path, variable, steps, chunks, write, kind=None):
    """Stores a variable of an HDF5 file again; write(dataset, values) does it."""
    with h5py.File(path, "r+") as f:
        old = f[variable]
        values, attributes, scales = old[...], dict(old.attrs), [d[0].name for d in old.dims]
        fill = np.asarray(old.fillvalue, values.dtype)
        del f[variable]
        write(new_dataset(f, variable, kind or values.dtype, values.shape, chunks, steps, fill),
              values)
        for i, name in enumerate(scales):
            f[variable].dims[i].attach_scale(f[name])
        for key, value in attributes.items():
            if key not in ("DIMENSION_LIST", "REFERENCE_LIST"):
                f[variable].attrs.create(key, value)
    return path


def refilter(path, variable, steps, chunks, mask=lambda i: 0, store=lambda i, data: data):
    """Stores a variable of an HDF5 file again, in chunks that went through `steps`. mask(i): the
    filters that chunk i leaves out; store(i, data): what is stored for it, None: nothing."""
    def write(new, values):
        counts = [-(-n // c) for n, c in zip(values.shape, chunks)]
        for i, at in enumerate(np.ndindex(*counts)):
            first = tuple(a * c for a, c in zip(at, chunks))
            part = values[tuple(slice(a, a + c) for a, c in zip(first, chunks))]
            chunk = np.full(chunks, 7, values.dtype)  # beyond the edge: anything
            chunk[tuple(slice(0, n) for n in part.shape)] = part
            data = store(i, encode(chunk.tobytes(), steps, mask(i), values.dtype.itemsize))
            if data is not None:
                new.write_direct_chunk(first, data, mask(i))
    return replace(path, variable, steps, chunks, write)


def rewrite(path, variable, steps, chunks, kind=None, written=None):
    """Stores a variable of an HDF5 file again, through HDF5's own filters and plugins. written: how
    many instants are; the others keep the fill value."""
    def write(new, values):
        h5py.Dataset(new)[:written] = values[:written]
    return replace(path, variable, steps, chunks, write, kind)


def change_chunk(path, variable, number, act):
    """Stores act(bytes) for chunk `number`."""
    with h5py.File(path, "r+") as f:
        dataset = f[variable].id
        first = dataset.get_chunk_info(number).chunk_offset
        mask, data = dataset.read_direct_chunk(first)
        dataset.write_direct_chunk(first, act(data), mask)
    return path


def is_unfiltered(path, variable):
    """Whether no chunk went through all of the filters."""
    with h5py.File(path, "r") as f:
        dataset = f[variable].id
        return all(dataset.get_chunk_info(i).filter_mask for i in range(dataset.get_num_chunks()))


def lookup3(data):
    """Bob Jenkins' hash, which HDF5 takes as the checksum of metadata."""
    def rotated(x, bits):
        return x << bits | x >> 32 - bits
    mask, x = (1 << 32) - 1, [(0xdeadbeef + len(data)) & (1 << 32) - 1] * 3
    blocks = max(len(data) - 1, 0) // 12
    for at in range(0, 12 * blocks, 12):
        x = [(one + two) & mask for one, two in zip(x, struct.unpack_from("<3I", data, at))]
        for k, bits in enumerate((4, 6, 8, 16, 19, 4)):
            a, b, c = k % 3, (k + 1) % 3, (k + 2) % 3
            x[a] = (x[a] - x[c] & mask ^ rotated(x[c], bits)) & mask
            x[c] = x[c] + x[b] & mask
    last = struct.unpack("<3I", data[12 * blocks:].ljust(12, b"\0"))
    x = [(one + two) & mask for one, two in zip(x, last)]
    for k, bits in enumerate((14, 11, 25, 16, 4, 14, 24)):
        c, b = (k + 2) % 3, (k + 1) % 3
        x[c] = (x[c] ^ x[b]) - rotated(x[b], bits) & mask
    return x[2]


def change_header(content, place, data):
    """A file's content with other bytes in the first part of an object header, which is signed."""
    start = content.rindex(b"OHDR", 0, place)
    flags = content[start + 5]
    size = start + 6 + (16 if flags & 32 else 0) + (4 if flags & 16 else 0)
    first = size + (1 << (flags & 3))
    end = first + int.from_bytes(content[size:first], "little")
    assert struct.pack("<I", lookup3(content[start:end])) == content[end:end + 4]
    header = content[start:place] + data + content[place + len(data):end]
    return content[:start] + header + struct.pack("<I", lookup3(header)) + content[end + 4:]
