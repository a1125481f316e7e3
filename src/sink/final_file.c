/*
 * The image of a file is made in memory, from the skeleton; then it is written around the chunks.
 */
#include "sink/final_file.h"

#include "base/error.h"
#include "guard/hdf5_lock.h"
#include "sink/image.h"
#include "sink/own_metadata.h"
#include "sink/temporary.h"

#include <errno.h>
#include <netcdf.h>
#include <stdlib.h>
#include <string.h>

enum {
    METADATA_BYTES = 100000, /* more than most files have, besides */
    CHUNK_BYTES = 100,       /* of metadata for each chunk */
};

/* Makes the image. The caller holds the HDF5 lock. */
static enum cn_status make_image(const struct cn_final_file *final,
                                 const struct cn_skeleton *skeleton, struct cn_chunk_area area,
                                 struct cn_image *image, struct cn_error *error)
{
    const size_t chunks = area.end > area.begin ? final->content.region->chunk_count : 0;
    bool is_made = false;
    if (skeleton->size <= area.begin) {
        is_made = cn_image_open(image, skeleton->bytes, skeleton->size, area) &&
                  cn_own_metadata_write(image, &final->metadata, final->chunks,
                                        final->content.target_count, chunks);
        is_made = cn_image_close(image) && is_made;
    }
    if (is_made)
        return CN_OK;
    if (image->failed)
        return cn_fail_memory(error, "an output file");
    return cn_fail(error, CN_BAD_MACHINE,
                   "%s: HDF5 cannot write its metadata; run again; finished files are kept",
                   final->content.path);
}

/* Replaces the placeholder in a closed image. */
static bool set_content_digest(const struct cn_final_file *final, struct cn_image *image)
{
    const size_t size = cn_image_bytes(image);
    char digest[CN_CONTENT_DIGEST_LENGTH + 1] = "";
    cn_content_digest_values(final->chunks, final->chunk_count, digest);
    cn_content_digest_metadata(image->bytes, size, digest);
    return cn_content_digest_replace(image->bytes, size, cn_content_placeholder, digest);
}

enum cn_status cn_final_write(struct cn_final_file *final, struct cn_skeleton *skeleton,
                              int descriptor, struct cn_error *error)
{
    const struct cn_chunk_area area = {final->area_begin, final->area_end};
    struct cn_image image = {0};
    enum cn_status status = CN_OK;
    if (!cn_image_reserve(&image,
                          final->area_begin + METADATA_BYTES + final->chunk_count * CHUNK_BYTES))
        status = cn_fail_memory(error, "an output file");
    if (!status) {
        cn_set_value(&final->metadata.variables[0].attributes, CN_CONTENT_DIGEST, NC_STRING, 1,
                     cn_content_placeholder);
        cn_hdf5_lock();
        status = cn_skeleton_renew(skeleton, &final->content, &final->metadata, error);
        if (!status)
            status = make_image(final, skeleton, area, &image, error);
        cn_hdf5_unlock();
    }
    if (!status && !set_content_digest(final, &image))
        status = cn_fail(error, CN_BAD_MACHINE,
                         "%s: this HDF5 keeps the content digest where it cannot be set; please "
                         "report the version",
                         final->content.path);
    if (!status && !cn_image_put(&image, descriptor))
        status = cn_temporary_fail(final->content.config->output.root, final->content.path, errno,
                                   error);
    cn_image_free(&image);
    return status;
}

enum cn_status cn_final_image(const struct cn_final_file *final, struct cn_skeleton *skeleton,
                              void **bytes, size_t *size, struct cn_error *error)
{
    struct cn_image image = {0};
    cn_hdf5_lock();
    enum cn_status status = cn_skeleton_renew(skeleton, &final->content, &final->metadata, error);
    if (!status)
        status = make_image(final, skeleton, (struct cn_chunk_area){skeleton->size, skeleton->size},
                            &image, error);
    cn_hdf5_unlock();
    *size = status ? 0 : cn_image_bytes(&image);
    *bytes = status ? NULL : malloc(*size);
    if (*bytes)
        memcpy(*bytes, image.bytes, *size);
    else if (!status)
        status = cn_fail_memory(error, "results");
    cn_image_free(&image);
    return status;
}
