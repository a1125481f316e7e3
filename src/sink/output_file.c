/*
 * One output file. The shared skeleton, the file's own attributes and its encoded chunks become an
 * image, which is written to disk. metadata.c decides what attributes say, temporary.c where files
 * are made.
 */
#include "sink/output_file.h"

#include "base/error.h"
#include "base/pool.h"
#include "guard/fault.h"
#include "guard/hdf5_lock.h"
#include "sink/image.h"
#include "sink/temporary.h"

#include <errno.h>
#include <netcdf.h>
#include <string.h>
#include <unistd.h>

enum { METADATA_BYTES = 200000 }; /* more than most files have */

/* Stores a text, or an int as an array of one element, as netCDF-C does. */
static bool write_attribute(hid_t object, const struct cn_attribute *at)
{
    const hsize_t one = 1;
    bool text = at->type == NC_CHAR, empty = text && at->length == 0;
    hid_t type = text ? H5Tcopy(H5T_C_S1) : H5Tcopy(H5T_NATIVE_INT);
    hid_t space =
        !text ? H5Screate_simple(1, &one, NULL) : H5Screate(empty ? H5S_NULL : H5S_SCALAR);
    bool sized = !text || empty || (type >= 0 && H5Tset_size(type, at->length) >= 0);
    hid_t attribute =
        sized ? H5Acreate2(object, at->name, type, space, H5P_DEFAULT, H5P_DEFAULT) : -1;
    bool put = attribute >= 0 && (empty || H5Awrite(attribute, type, at->value) >= 0);
    if (attribute >= 0 && H5Aclose(attribute) < 0)
        put = false;
    if (space >= 0)
        H5Sclose(space);
    if (type >= 0)
        H5Tclose(type);
    return put;
}

static bool write_chunks(hid_t dataset, struct cn_image *image, const struct cn_encoded *chunks,
                         int count)
{
    hsize_t offset[3] = {0};
    bool put = true;
    for (int k = 0; k < count && put; k++) {
        offset[0] = (hsize_t)k;
        image->current_chunk = chunks[k].bytes;
        put = H5Dwrite_chunk(dataset, H5P_DEFAULT, 0, offset, chunks[k].size, chunks[k].bytes) >= 0;
    }
    image->current_chunk = NULL;
    return put;
}

/* Writes what the skeleton lacks of one variable, or of the file itself. */
static bool write_variable(struct cn_image *image, const struct cn_file_variable *variable,
                           int slots)
{
    const struct cn_attributes *list = &variable->attributes;
    if (list->count == list->shared && !variable->own_values && !variable->chunks)
        return true;
    hid_t object = H5Oopen(image->file, variable->name, H5P_DEFAULT);
    bool put = object >= 0;
    for (size_t i = list->shared; i < list->count && put; i++)
        put = write_attribute(object, &list->items[i]);
    if (variable->own_values && put)
        put = H5Dwrite(object, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT,
                       variable->own_values) >= 0;
    if (variable->chunks && put)
        put = write_chunks(object, image, variable->chunks, slots);
    if (object >= 0 && H5Oclose(object) < 0)
        put = false;
    return put;
}

/* About as many bytes as the file will have. A guess that is too low costs a little time. */
static size_t estimate_size(const struct cn_encoded *means, const struct cn_encoded *counts,
                            size_t slots)
{
    size_t size = METADATA_BYTES;
    for (size_t k = 0; k < slots; k++)
        size += means[k].size + (counts ? counts[k].size : 0);
    return size;
}

/* Makes the file in memory, all but the bytes of its chunks. The caller holds the HDF5 lock. */
static enum cn_status make_image(const struct cn_normal_file *file,
                                 const struct cn_skeleton *skeleton,
                                 const struct cn_metadata *metadata, struct cn_image *image,
                                 struct cn_error *error)
{
    bool made = cn_image_open(image, skeleton->bytes, skeleton->size);
    for (size_t v = 0; v < metadata->count && made; v++)
        made = write_variable(image, &metadata->variables[v], file->slots);
    made = cn_image_close(image) && made;
    if (made)
        return CN_OK;
    if (image->failed)
        return cn_fail_memory(error, "an output file");
    return cn_fail(error, CN_BAD_MACHINE,
                   "%s: HDF5 could not make its metadata; run again, finished files are kept",
                   file->path);
}

static enum cn_status write_temporary(const struct cn_normal_file *file, struct cn_image *image,
                                      char *temporary, size_t capacity, struct cn_error *error)
{
    const char *root = file->config->output.root;
    int descriptor;
    enum cn_status status =
        cn_temporary_create(root, file->path, temporary, capacity, &descriptor, error);
    if (status)
        return status;
    bool put = cn_image_put(image, descriptor);
    int reason = errno;
    if (close(descriptor) && put) { /* a full disk may show only here */
        put = false;
        reason = errno;
    }
    if (put)
        return CN_OK;
    unlink(temporary);
    return cn_fail(error, CN_BAD_MACHINE, "%s/%s: cannot be written: %s; %s", root, file->path,
                   strerror(reason), cn_errno_advice(reason));
}

enum cn_status cn_sink_write(const struct cn_normal_file *file, struct cn_skeleton *skeleton,
                             const struct cn_encoded *means, const struct cn_encoded *counts,
                             char *temporary, size_t capacity, struct cn_error *error)
{
    struct cn_metadata metadata;
    struct cn_pool *pool = cn_pool_new();
    size_t slots = (size_t)file->slots;
    struct cn_image image = {.piece_capacity = 2 * slots};
    image.pieces = pool ? cn_pool_alloc(pool, image.piece_capacity, sizeof *image.pieces) : NULL;
    enum cn_status status =
        !image.pieces || !cn_image_reserve(&image, estimate_size(means, counts, slots))
            ? cn_fail_memory(error, "an output file")
            : cn_metadata_build(pool, file, means, counts, &metadata, error);
    if (!status) {
        cn_hdf5_lock();
        status = cn_skeleton_renew(skeleton, file, &metadata, error);
        if (!status)
            status = make_image(file, skeleton, &metadata, &image, error);
        cn_hdf5_unlock();
    }
    if (!status)
        status = write_temporary(file, &image, temporary, capacity, error);
    cn_image_free(&image);
    cn_pool_free(pool);
    return status;
}
