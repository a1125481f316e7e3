/*
 * A file that HDF5 makes without a disk: its metadata in memory, the bytes of its chunks where they
 * already are. HDF5 copies no chunk, waits for no disk, and never sees a failed write, be it for
 * lack of memory; whoever holds the image puts it on disk later, without the HDF5 lock.
 */
#ifndef CLIMNORM_SINK_IMAGE_H
#define CLIMNORM_SINK_IMAGE_H

#include "climnorm/error.h"

#include <hdf5.h>
#include <stddef.h>

/* Bytes of the file that stay where the caller has them. */
struct cn_piece {
    size_t address, size; /* in the file */
    const void *bytes;
};

struct cn_image {
    hid_t file, driver;   /* while it is open */
    unsigned char *bytes; /* [room] at their addresses, zero where a piece or nothing is */
    size_t size, room;
    const void *borrowed;    /* a write from here is a piece: the chunk being written, or NULL */
    struct cn_piece *pieces; /* [piece_count] without overlap, in the order in which they came */
    size_t piece_count, piece_capacity;
    bool failed; /* no memory for something that HDF5 wrote: it lacks that */
};

/* Makes room for a file of that size, which spares HDF5 growing it while others wait at the HDF5
 * lock. False: no memory, and the image has failed. */
bool cn_image_reserve(struct cn_image *image, size_t size);

/* Opens the HDF5 file that starts as `size` bytes at `start`, which are copied, for reading and
 * writing as image->file. The image, zero or reserved before, stays in its place until it is
 * closed, also after a failure: that of HDF5, or image->failed. Both hold the HDF5 lock. */
bool cn_image_open(struct cn_image *image, const void *start, size_t size);
/* From here on the image holds the whole file, unless false. */
bool cn_image_close(struct cn_image *image);

/* Writes the closed image from the beginning of the file `descriptor`. False: errno says why. */
bool cn_image_put(struct cn_image *image, int descriptor);

void cn_image_free(struct cn_image *image);

#endif
