/*
 * An HDF5 file driver that reads and writes memory. Of a chunk it notes only the address.
 */
#include "sink/image.h"

#if H5_VERSION_GE(1, 13, 0)
#include <H5FDdevelop.h>
#endif
#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>

enum {
    LEAST_CAPACITY = 1 << 20,
    TOUCHED = 1 << 16,
    METADATA_BLOCK = 1 << 15,
    MOST_VECTORS = IOV_MAX
};

/* What the driver knows of an open file. */
struct image_file {
    H5FD_t base; /* must be first: HDF5 sees nothing else */
    struct cn_image *image;
    size_t end; /* of the bytes that were written */
};

static struct cn_image *image_of(const H5FD_t *file)
{
    return ((const struct image_file *)file)->image;
}

/* Where pieces are, nothing is written to the mapping, so it costs only addresses. A huge page
 * would cost memory: it is refused. */
bool cn_image_reserve(struct cn_image *image, size_t size)
{
    size_t capacity = image->capacity ? image->capacity : LEAST_CAPACITY;
    while (capacity < size && capacity <= SIZE_MAX / 4) /* mmap refuses more in any case */
        capacity *= 2;
    if (capacity == image->capacity)
        return true;
    void *at = image->bytes ? mremap(image->bytes, image->capacity, capacity, MREMAP_MAYMOVE)
                            : mmap(NULL, capacity, PROT_READ | PROT_WRITE,
                                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (at == MAP_FAILED) {
        image->failed = true;
        return false;
    }
    madvise(at, capacity, MADV_NOHUGEPAGE);
    if (!image->bytes)
        memset(at, 0, TOUCHED); /* most metadata are here: page faults now, not under the lock */
    image->bytes = at;
    image->capacity = capacity;
    return true;
}

static H5FD_t *image_open(const char *name, unsigned flags, hid_t access, haddr_t end)
{
    (void)name, (void)flags, (void)end;
    struct cn_image *const *image = H5Pget_driver_info(access);
    struct image_file *file = image ? calloc(1, sizeof *file) : NULL;
    if (!file)
        return NULL;
    file->image = *image;
    file->end = file->image->size;
    return &file->base;
}

static herr_t image_close(H5FD_t *file)
{
    free(file);
    return 0;
}

static herr_t image_query(const H5FD_t *file, unsigned long *flags)
{
    (void)file;
    *flags = H5FD_FEAT_AGGREGATE_METADATA;
    return 0;
}

static haddr_t image_size(const H5FD_t *file, H5FD_mem_t type)
{
    (void)type;
    return image_of(file)->size;
}

static haddr_t image_end(const H5FD_t *file, H5FD_mem_t type)
{
    (void)type;
    return ((const struct image_file *)file)->end;
}

static herr_t image_resize(H5FD_t *file, H5FD_mem_t type, haddr_t size)
{
    (void)type;
    image_of(file)->size = size;
    return 0;
}

/* Reads and writes always succeed: HDF5 leaves a file half closed when its last write fails, and
 * crashes on it later. What was never written reads as zero, also where memory ran out. */
static herr_t image_read(H5FD_t *file, H5FD_mem_t type, hid_t transfer, haddr_t address,
                         size_t size, void *bytes)
{
    (void)type, (void)transfer;
    const struct cn_image *image = image_of(file);
    memset(bytes, 0, size);
    if (address < image->capacity)
        memcpy(bytes, image->bytes + address,
               size < image->capacity - address ? size : image->capacity - address);
    return 0;
}

static herr_t image_write(H5FD_t *file, H5FD_mem_t type, hid_t transfer, haddr_t address,
                          size_t size, const void *bytes)
{
    (void)type, (void)transfer;
    struct cn_image *image = image_of(file);
    if (((struct image_file *)file)->end < address + size)
        ((struct image_file *)file)->end = address + size;
    if (bytes == image->current_chunk && image->piece_count < image->piece_capacity)
        image->pieces[image->piece_count++] = (struct cn_piece){address, size, bytes};
    else if (cn_image_reserve(image, address + size)) /* maxaddr bounds the sum */
        memcpy(image->bytes + address, bytes, size);
    return 0;
}

static const H5FD_class_t driver_class = {
#if H5_VERSION_GE(1, 13, 0)
    .version = H5FD_CLASS_VERSION,
    .value = 0x1c6e, /* any value that no driver of HDF5 has */
#endif
    .name = "climnorm",
    .maxaddr = (haddr_t)INT64_MAX,
    .fc_degree = H5F_CLOSE_STRONG,
    .fapl_size = sizeof(struct cn_image *),
    .open = image_open,
    .close = image_close,
    .query = image_query,
    .get_eoa = image_size,
    .set_eoa = image_resize,
    .get_eof = image_end,
    .read = image_read,
    .write = image_write,
    .fl_map = H5FD_FLMAP_DICHOTOMY,
};

bool cn_image_open(struct cn_image *image, const void *start, size_t size)
{
    image->file = -1;
    image->driver = H5FDregister(&driver_class);
    hid_t access = H5Pcreate(H5P_FILE_ACCESS);
    if (access >= 0 && image->driver >= 0 && cn_image_reserve(image, size) &&
        H5Pset_driver(access, image->driver, &image) >= 0 &&
        H5Pset_meta_block_size(access, METADATA_BLOCK) >= 0) {
        memcpy(image->bytes, start, size);
        image->size = size;
        image->file = H5Fopen("/normal", H5F_ACC_RDWR, access);
    }
    if (access >= 0)
        H5Pclose(access);
    return image->file >= 0;
}

bool cn_image_close(struct cn_image *image)
{
    bool closed = image->file < 0 || H5Fclose(image->file) >= 0;
    if (image->driver >= 0) /* last: HDF5 1.10 reads the driver of a closed file */
        H5FDunregister(image->driver);
    return closed && !image->failed && cn_image_reserve(image, image->size);
}

static int compare_addresses(const void *left, const void *right)
{
    const struct cn_piece *a = left, *b = right;
    return (a->address > b->address) - (a->address < b->address);
}

/* Lists the image in the order of addresses: pieces, and memory between them. Returns the number of
 * vectors, at most 2 * piece_count + 1. */
static size_t list_vectors(struct cn_image *image, struct iovec *vectors)
{
    size_t count = 0, at = 0;
    if (image->piece_count)
        qsort(image->pieces, image->piece_count, sizeof *image->pieces, compare_addresses);
    for (size_t p = 0; p < image->piece_count; p++) {
        const struct cn_piece *piece = &image->pieces[p];
        if (piece->address > at)
            vectors[count++] = (struct iovec){image->bytes + at, piece->address - at};
        vectors[count++] = (struct iovec){(void *)piece->bytes, piece->size};
        at = piece->address + piece->size;
    }
    if (image->size > at)
        vectors[count++] = (struct iovec){image->bytes + at, image->size - at};
    return count;
}

static bool write_vectors(struct iovec *vectors, size_t count, int descriptor)
{
    off_t at = 0;
    while (count) {
        int most = (int)(count < MOST_VECTORS ? count : MOST_VECTORS);
        ssize_t written = pwritev(descriptor, vectors, most, at);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0) {
            errno = written ? errno : EIO;
            return false;
        }
        at += written;
        size_t left = (size_t)written;
        for (; count && left >= vectors->iov_len; vectors++, count--)
            left -= vectors->iov_len;
        if (count) {
            vectors->iov_base = (char *)vectors->iov_base + left;
            vectors->iov_len -= left;
        }
    }
    return true;
}

bool cn_image_put(struct cn_image *image, int descriptor)
{
    struct iovec *vectors = calloc(2 * image->piece_count + 1, sizeof *vectors);
    bool put = vectors && write_vectors(vectors, list_vectors(image, vectors), descriptor);
    free(vectors);
    return put;
}

void cn_image_free(struct cn_image *image)
{
    if (image->bytes)
        munmap(image->bytes, image->capacity);
    *image = (struct cn_image){0};
}
