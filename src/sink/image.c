/*
 * An HDF5 file driver that reads and writes memory. It allocates a chunk of a field where it is,
 * and ignores what is written there.
 */
#include "sink/image.h"

#include "base/io.h"

#if H5_VERSION_GE(1, 13, 0)
#include <H5FDdevelop.h>
#endif
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { LEAST_CAPACITY = 1 << 18, TOUCHED = 1 << 16, METADATA_BLOCK = 1 << 12 };

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

/* Memory that is not written costs only addresses. A huge page would cost memory: it is refused. */
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

/* What HDF5 allocates is behind the area. */
static herr_t image_resize(H5FD_t *file, H5FD_mem_t type, haddr_t size)
{
    (void)type;
    struct cn_image *image = image_of(file);
    image->size = size > image->area.end ? size : image->area.end;
    return 0;
}

static haddr_t image_allocate(H5FD_t *file, H5FD_mem_t type, hid_t transfer, hsize_t size)
{
    (void)transfer;
    struct cn_image *image = image_of(file);
    haddr_t address = image->size;
    if (type == H5FD_MEM_DRAW && image->chunk_address) {
        address = image->chunk_address;
        image->chunk_address = 0;
    } else {
        image->size += size; /* maxaddr bounds the sum */
    }
    return address;
}

/* Whether the address is in the area; else *at is its index in image->bytes. */
static bool is_in_area(const struct cn_image *image, haddr_t address, size_t *at)
{
    const struct cn_chunk_area *area = &image->area;
    *at = address < area->begin ? address : address - (area->end - area->begin);
    return address >= area->begin && address < area->end;
}

/* Reads and writes always succeed: HDF5 leaves a file half closed when its last write fails, and
 * crashes on it later. What was never written reads as zero, also where memory ran out. */
static herr_t image_read(H5FD_t *file, H5FD_mem_t type, hid_t transfer, haddr_t address,
                         size_t size, void *bytes)
{
    (void)type, (void)transfer;
    const struct cn_image *image = image_of(file);
    size_t at;
    memset(bytes, 0, size);
    if (!is_in_area(image, address, &at) && at < image->capacity)
        memcpy(bytes, image->bytes + at, size < image->capacity - at ? size : image->capacity - at);
    return 0;
}

static herr_t image_write(H5FD_t *file, H5FD_mem_t type, hid_t transfer, haddr_t address,
                          size_t size, const void *bytes)
{
    (void)type, (void)transfer;
    struct cn_image *image = image_of(file);
    struct image_file *state = (struct image_file *)file;
    size_t at;
    if (state->end < address + size)
        state->end = address + size;
    if (!is_in_area(image, address, &at) && cn_image_reserve(image, at + size))
        memcpy(image->bytes + at, bytes, size);
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
    .alloc = image_allocate,
    .get_eoa = image_size,
    .set_eoa = image_resize,
    .get_eof = image_end,
    .read = image_read,
    .write = image_write,
    .fl_map = H5FD_FLMAP_DICHOTOMY,
};

bool cn_image_open(struct cn_image *image, const void *start, size_t size,
                   struct cn_chunk_area area)
{
    image->file = -1;
    image->area = area;
    image->driver = H5FDregister(&driver_class);
    hid_t access = H5Pcreate(H5P_FILE_ACCESS);
    if (access >= 0 && image->driver >= 0 &&
        cn_image_reserve(image, size > area.begin ? size : area.begin) &&
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

bool cn_image_add_chunk(struct cn_image *image, hid_t dataset, const hsize_t *offset,
                        uint64_t address, size_t size)
{
    image->chunk_address = address;
    bool is_added = H5Dwrite_chunk(dataset, H5P_DEFAULT, 0, offset, size, image->bytes) >= 0 &&
                    !image->chunk_address;
    image->chunk_address = 0;
    return is_added;
}

size_t cn_image_bytes(const struct cn_image *image)
{
    return image->size - (image->area.end - image->area.begin);
}

bool cn_image_close(struct cn_image *image)
{
    bool closed = image->file < 0 || H5Fclose(image->file) >= 0;
    if (image->driver >= 0) /* last: HDF5 1.10 reads the driver of a closed file */
        H5FDunregister(image->driver);
    return closed && !image->failed && cn_image_reserve(image, cn_image_bytes(image));
}

bool cn_image_put(const struct cn_image *image, int descriptor)
{
    const struct cn_chunk_area *area = &image->area;
    struct iovec front = {image->bytes, area->begin};
    struct iovec rest = {image->bytes + area->begin, cn_image_bytes(image) - area->begin};
    return cn_pwritev_full(descriptor, &front, 1, 0) &&
           cn_pwritev_full(descriptor, &rest, 1, area->end);
}

void cn_image_free(struct cn_image *image)
{
    if (image->bytes)
        munmap(image->bytes, image->capacity);
    *image = (struct cn_image){0};
}
