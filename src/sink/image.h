/*
 * The image of a file that HDF5 makes without a disk: all its bytes but those of fields' chunks,
 * which are on disk already. HDF5 only learns where they are. So it copies no chunk, waits for no
 * disk, and never sees a write fail. Later the image is put on disk, without the HDF5 lock.
 */
#ifndef CLIMNORM_SINK_IMAGE_H
#define CLIMNORM_SINK_IMAGE_H

#include <hdf5.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The bytes begin … end - 1 of a file, which the chunks of fields take. */
struct cn_chunk_area {
    uint64_t begin, end;
};

/* Zero before the first use. */
struct cn_image {
    hid_t file, driver; /* while it is open */
    struct cn_chunk_area area;
    unsigned char *bytes; /* [capacity] the file's bytes in front of the area, then those behind */
    size_t capacity;
    uint64_t size;          /* of the file */
    uint64_t chunk_address; /* where HDF5 allocates the next chunk; 0: it is not one of a field */
    bool failed;            /* out of memory: the image lacks something that HDF5 wrote */
};

/* Maps memory for `size` bytes of the image. A caller that does so before it takes the HDF5 lock
 * spares others that wait for the lock the page faults.
 * Returns: false: out of memory, and image->failed is set. Owns: freed by cn_image_free. */
bool cn_image_reserve(struct cn_image *image, size_t size);

/* Opens image->file for reading and writing: an HDF5 file that begins as the `size` bytes at
 * `start`, which are copied, at most area.begin of them. The image must not move until it is
 * closed, also after a failure. The caller holds the HDF5 lock.
 * Returns: false: HDF5 failed, or image->failed. Owns: the caller calls cn_image_close either way.
 */
bool cn_image_open(struct cn_image *image, const void *start, size_t size,
                   struct cn_chunk_area area);

/* Tells HDF5 that a chunk of an open dataset is at `address` in the area. The caller holds the
 * HDF5 lock.
 * Returns: false: HDF5 failed. */
bool cn_image_add_chunk(struct cn_image *image, hid_t dataset, const hsize_t *offset,
                        uint64_t address, size_t size);

/* Closes image->file. The caller holds the HDF5 lock.
 * Returns: true: the image holds the complete file. */
bool cn_image_close(struct cn_image *image);

/* Returns: how many bytes of image->bytes a closed image has. */
size_t cn_image_bytes(const struct cn_image *image);

/* Writes the closed image to `descriptor`, around the area.
 * Returns: false: errno says why. */
bool cn_image_put(const struct cn_image *image, int descriptor);

void cn_image_free(struct cn_image *image);

#endif
