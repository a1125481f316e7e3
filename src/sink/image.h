/*
 * The image of a file that HDF5 makes without a disk. Metadata are in memory; the bytes of chunks
 * stay where the caller has them. So HDF5 copies no chunk, waits for no disk, and never sees a
 * write fail. Later the image is put on disk, without the HDF5 lock.
 */
#ifndef CLIMNORM_SINK_IMAGE_H
#define CLIMNORM_SINK_IMAGE_H

#include <hdf5.h>
#include <stdbool.h>
#include <stddef.h>

/* Bytes of the file that stay where the caller has them. */
struct cn_piece {
    size_t address, size; /* in the file */
    const void *bytes;
};

/* Zero before the first use. */
struct cn_image {
    hid_t file, driver;   /* while it is open */
    unsigned char *bytes; /* [capacity] at their addresses; zero where a piece or nothing is */
    size_t size, capacity;
    const void *current_chunk; /* the chunk that is being written: noted as a piece; or NULL */
    struct cn_piece *pieces;   /* [piece_capacity] of the caller; [piece_count] without overlap, as
                                  they were written */
    size_t piece_count, piece_capacity;
    bool failed; /* out of memory: the image lacks something that HDF5 wrote */
};

/* Maps memory for a file of `size` bytes. A caller that does so before it takes the HDF5 lock
 * spares others that wait for the lock the page faults. Returns: false: out of memory, and
 * image->failed is set. Owns: freed by cn_image_free. */
bool cn_image_reserve(struct cn_image *image, size_t size);

/* Opens image->file for reading and writing: an HDF5 file that begins as the `size` bytes at
 * `start`, which are copied. The image must not move until it is closed, also after a failure. The
 * caller holds the HDF5 lock.
 * Returns: false: HDF5 failed, or image->failed. Owns: the caller calls cn_image_close either way.
 */
bool cn_image_open(struct cn_image *image, const void *start, size_t size);

/* Closes image->file. The caller holds the HDF5 lock.
 * Returns: true: the image holds the complete file. */
bool cn_image_close(struct cn_image *image);

/* Writes the closed image to `descriptor`, from address 0.
 * Returns: false: errno says why. */
bool cn_image_put(struct cn_image *image, int descriptor);

void cn_image_free(struct cn_image *image);

#endif
