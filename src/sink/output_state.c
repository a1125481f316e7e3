/*
 * What is known of an output file while it is made.
 */
#include "sink/output_state.h"

#include "base/error.h"
#include "guard/hdf5_lock.h"
#include "sink/describe.h"
#include "sink/provenance.h"

#include <string.h>

enum {
    ALIGNMENT = 4096,
    /* Where the skeleton is made before the file's attributes are known for certain, it may grow by
     * so much and twice the attributes of another source file. */
    SKELETON_MARGIN = 8192,
};

enum cn_status cn_output_fail(const struct cn_output_file *file, int reason, struct cn_error *error)
{
    return cn_temporary_fail(file->content.config->output.root, file->content.path, reason, error);
}

/* An earlier run may have had another skeleton, from other libraries. */
enum cn_status cn_output_place_area(struct cn_output_file *file, struct cn_error *error)
{
    size_t longest;
    if (file->is_placed)
        return CN_OK;
    if (file->content.target_count == 1)
        file->content.years_used = file->years_used;
    enum cn_status status = cn_describe_file(file->pool, &file->content, &file->metadata, error);
    if (status)
        return status;
    cn_hdf5_lock();
    status = cn_skeleton_renew(file->skeleton, &file->content, &file->metadata, error);
    uint64_t begin = file->skeleton->size;
    cn_hdf5_unlock();
    if (!status && !file->content.years_used) {
        if (!cn_longest_attributes(file->pool, &file->content, &longest))
            return cn_fail_memory(error, "attributes");
        begin += SKELETON_MARGIN + 2 * longest;
        begin = (begin + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    }
    if (file->area_begin && file->area_begin != begin)
        file->is_stale = true;
    file->area_begin = begin;
    file->is_placed = !status;
    return status;
}

void cn_output_note_years(struct cn_output_file *file, size_t t, const bool *years_used)
{
    bool *years = file->years + t * cn_file_years(&file->content);
    if (!file->is_known[t] && years_used)
        file->years_used[t] = memcpy(years, years_used, cn_file_years(&file->content));
    else if (!years_used != !file->years_used[t] ||
             (years_used && memcmp(years, years_used, cn_file_years(&file->content)) != 0))
        file->is_stale = true;
    file->is_known[t] = true;
}

void cn_output_note_chunks(struct cn_stored_chunk *stored, const struct cn_encoded *chunks,
                           const uint64_t *hashes, size_t count)
{
    for (size_t k = 0; k < count; k++)
        if (chunks[k].bytes)
            stored[k] = (struct cn_stored_chunk){.size = chunks[k].size, .hash = hashes[k]};
}

void cn_output_place_chunks(struct cn_output_file *file, struct cn_stored_chunk *stored,
                            size_t count)
{
    for (size_t k = 0; k < count; k++) {
        stored[k].address = file->bytes;
        file->bytes += stored[k].size;
    }
}
