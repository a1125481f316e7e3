/*
 * Reads an output file back: through HDF5 what it says and where its chunks are, then its bytes.
 */
#include "sink/verify_output.h"

#include "base/error.h"
#include "base/io.h"
#include "base/netcdf_constants.h"
#include "guard/fault.h"
#include "guard/hdf5_lock.h"
#include "sink/content_digest.h"

#define XXH_STATIC_LINKING_ONLY /* the state is on the stack: nothing to allocate */
#include <errno.h>
#include <fcntl.h>
#include <hdf5.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

enum {
    MAX_FIELDS = 16,
    MAX_RANK = 4,
    DIGEST_LENGTH = 32,
    INDEX_BYTES = 24, /* of a chunk in HDF5's index, at least: its place, its size, its address */
    PIECE_BYTES = 1 << 20,
};

/* Damaged metadata may ask for any amount of memory, and a child has 1 GiB. Those of 150 target
 * years with 366 chunks each are 10 MB. */
static const size_t MAX_METADATA_BYTES = (size_t)256 << 20;

/* An array whose chunks were put, as its dataset has it. */
struct field {
    hid_t dataset;
    int slot_dim;
    hsize_t targets, chunks; /* of a target */
    hsize_t chunk_slots;
};

/* A file that is being verified. */
struct subject {
    int descriptor;
    uint64_t size;
    struct field fields[MAX_FIELDS]; /* [field_count] in the order of their definition */
    size_t field_count;
    int slot_dim;                   /* of fields: targets, if any, come before the slots */
    uint64_t area_begin, area_end;  /* that the chunks take */
    struct cn_stored_chunk *chunks; /* [chunk_count] in the order of addresses */
    size_t chunk_count;             /* 0: their bytes are not looked at */
    char content[CN_CONTENT_DIGEST_LENGTH + 1];
    struct cn_digests *digests;
};

static enum cn_status fail_digest(struct cn_error *error, const char *what)
{
    return cn_fail(error, CN_BAD_INPUT, "%s; remove it and run again", what);
}

static enum cn_status fail_metadata(struct cn_error *error)
{
    return fail_digest(error, "its metadata are damaged");
}

static enum cn_status fail_read(struct cn_error *error)
{
    return cn_fail(error, CN_BAD_MACHINE, "cannot be read: %s; %s", strerror(errno),
                   cn_errno_advice(errno));
}

/* Reads a text of exactly that length of the file as a whole. */
static bool read_digest(hid_t file, const char *name, char text[DIGEST_LENGTH + 1])
{
    bool is_read = false;
    hid_t attribute = H5Aexists(file, name) > 0 ? H5Aopen(file, name, H5P_DEFAULT) : -1;
    hid_t type = attribute < 0 ? -1 : H5Aget_type(attribute);
    hid_t space = type < 0 ? -1 : H5Aget_space(attribute);
    if (space >= 0 && H5Sget_simple_extent_npoints(space) == 1 &&
        H5Tget_class(type) == H5T_STRING) {
        if (H5Tis_variable_str(type) > 0) {
            char *value = NULL;
            is_read = H5Aread(attribute, type, &value) >= 0 && value &&
                      strnlen(value, DIGEST_LENGTH + 1) == DIGEST_LENGTH;
            if (is_read)
                memcpy(text, value, DIGEST_LENGTH);
            H5free_memory(value);
        } else {
            is_read = H5Tget_size(type) == DIGEST_LENGTH && H5Aread(attribute, type, text) >= 0;
        }
    }
    text[DIGEST_LENGTH] = '\0';
    if (space >= 0)
        H5Sclose(space);
    if (type >= 0)
        H5Tclose(type);
    if (attribute >= 0)
        H5Aclose(attribute);
    return is_read && strspn(text, "0123456789abcdef") == DIGEST_LENGTH;
}

/* Whether target years are a dimension of fields. */
static bool has_targets(hid_t file)
{
    hid_t dataset = H5Lexists(file, "target_year", H5P_DEFAULT) > 0
                        ? H5Dopen2(file, "target_year", H5P_DEFAULT)
                        : -1;
    hid_t space = dataset < 0 ? -1 : H5Dget_space(dataset);
    const bool has = space >= 0 && H5Sget_simple_extent_ndims(space) == 1;
    if (space >= 0)
        H5Sclose(space);
    if (dataset >= 0)
        H5Dclose(dataset);
    return has;
}

/* Whether the dataset is a field: chunked, with values. *field: how it lies in the file. */
static bool read_field(hid_t dataset, int slot, struct field *field)
{
    hsize_t shape[MAX_RANK], chunk[MAX_RANK];
    hid_t space = H5Dget_space(dataset), list = H5Dget_create_plist(dataset);
    int rank = space < 0 ? -1 : H5Sget_simple_extent_ndims(space);
    bool is_field = rank > slot && rank <= MAX_RANK && list >= 0 &&
                    H5Pget_layout(list) == H5D_CHUNKED &&
                    H5Aexists(dataset, "coverage_content_type") > 0 &&
                    H5Sget_simple_extent_dims(space, shape, NULL) == rank &&
                    H5Pget_chunk(list, rank, chunk) == rank;
    if (is_field) {
        *field = (struct field){.dataset = dataset,
                                .slot_dim = slot,
                                .targets = slot ? shape[0] : 1,
                                .chunk_slots = chunk[slot],
                                .chunks = (shape[slot] + chunk[slot] - 1) / chunk[slot]};
        is_field = field->targets && field->chunks;
    }
    if (list >= 0)
        H5Pclose(list);
    if (space >= 0)
        H5Sclose(space);
    return is_field;
}

/* H5Literate calls it for each object of the file. */
static herr_t visit_object(hid_t file, const char *name, const H5L_info_t *info, void *context)
{
    (void)info;
    struct subject *subject = context;
    hid_t object = H5Oopen(file, name, H5P_DEFAULT);
    if (object < 0)
        return -1;
    if (H5Iget_type(object) == H5I_DATASET && subject->field_count < MAX_FIELDS &&
        read_field(object, subject->slot_dim, &subject->fields[subject->field_count]))
        subject->field_count++;
    else
        H5Oclose(object);
    return 0;
}

/* *begin: the address of a chunk; *end: that behind it. */
static bool locate_chunk(const struct subject *subject, const struct field *field, hsize_t target,
                         hsize_t chunk, uint64_t *begin, uint64_t *end)
{
    hsize_t offset[MAX_RANK] = {0}, size = 0;
    haddr_t address = HADDR_UNDEF;
    unsigned mask = 0;
    offset[0] = target;
    offset[field->slot_dim] = chunk * field->chunk_slots;
    if (H5Dget_chunk_info_by_coord(field->dataset, offset, &mask, &address, &size) < 0 || mask ||
        !size || size > subject->size || address > subject->size - size)
        return false;
    *begin = address;
    *end = address + size;
    return true;
}

/* Chunks follow each other without a gap. HDF5 1.10 finds the size of a chunk quickly; for its
 * address it goes through all chunks before. False: the chunk is not in the area. */
static bool append_chunk(struct subject *subject, const struct field *field, hsize_t target,
                         hsize_t chunk)
{
    hsize_t offset[MAX_RANK] = {0}, size = 0;
    const size_t k = subject->chunk_count;
    const struct cn_stored_chunk *before = k ? &subject->chunks[k - 1] : NULL;
    const uint64_t address = before ? before->address + before->size : subject->area_begin;
    offset[0] = target;
    offset[field->slot_dim] = chunk * field->chunk_slots;
    if (H5Dget_chunk_storage_size(field->dataset, offset, &size) < 0 || !size ||
        size > subject->area_end - address)
        return false;
    subject->chunks[subject->chunk_count++] =
        (struct cn_stored_chunk){.address = address, .size = size};
    return true;
}

/* Lists all chunks in the order of their addresses. */
static enum cn_status list_chunks(struct subject *subject, size_t count, struct cn_error *error)
{
    const struct field *first = &subject->fields[0];
    subject->chunks = calloc(count + 1, sizeof *subject->chunks);
    if (!subject->chunks)
        return cn_fail_memory(error, "the chunks of a file");
    for (hsize_t t = 0; t < first->targets; t++)
        for (hsize_t k = 0; k < first->chunks; k++)
            for (size_t f = 0; f < subject->field_count; f++)
                if (!append_chunk(subject, &subject->fields[f], t, k))
                    return fail_metadata(error);
    const struct cn_stored_chunk *last = &subject->chunks[count - 1];
    return last->address + last->size == subject->area_end ? CN_OK : fail_metadata(error);
}

/* Finds the area of the chunks. *count: all of them. */
static enum cn_status find_area(struct subject *subject, size_t *count, struct cn_error *error)
{
    const struct field *first = &subject->fields[0];
    const struct field *last = &subject->fields[subject->field_count - 1];
    uint64_t end;
    hsize_t chunks;
    *count = 0;
    for (size_t f = 0; f < subject->field_count; f++) {
        const struct field *field = &subject->fields[f];
        if (field->targets != first->targets || field->chunks != first->chunks ||
            __builtin_mul_overflow(field->targets, field->chunks, &chunks) ||
            chunks > MAX_METADATA_BYTES / INDEX_BYTES - *count)
            return fail_metadata(error);
        *count += chunks;
    }
    if (locate_chunk(subject, first, 0, 0, &subject->area_begin, &end) &&
        locate_chunk(subject, last, last->targets - 1, last->chunks - 1, &end,
                     &subject->area_end) &&
        subject->area_begin < subject->area_end)
        return CN_OK;
    return fail_metadata(error);
}

/* Reads what HDF5 knows. The caller holds the HDF5 lock. */
static enum cn_status read_structure(const char *path, struct subject *subject,
                                     enum cn_verify_depth depth, struct cn_error *error)
{
    hid_t file = H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT);
    if (file < 0)
        return fail_digest(error, "HDF5 cannot open it");
    size_t count = 0;
    enum cn_status status = CN_OK;
    subject->slot_dim = has_targets(file);
    const htri_t has_digest = H5Aexists(file, CN_CONTENT_DIGEST);
    if (has_digest == 0)
        status =
            cn_fail(error, CN_BAD_INPUT,
                    "it has no " CN_CONTENT_DIGEST ": this version of climnorm did not make it");
    else if (has_digest < 0 || !read_digest(file, CN_CONTENT_DIGEST, subject->content) ||
             !read_digest(file, "climnorm_config_digest", subject->digests->config) ||
             !read_digest(file, "climnorm_inputs_digest", subject->digests->inputs) ||
             H5Literate(file, H5_INDEX_CRT_ORDER, H5_ITER_INC, NULL, visit_object, subject) < 0 ||
             !subject->field_count)
        status = fail_metadata(error);
    if (!status)
        status = find_area(subject, &count, error);
    if (!status && depth == CN_VERIFY_ALL)
        status = list_chunks(subject, count, error);
    for (size_t f = 0; f < subject->field_count; f++)
        H5Oclose(subject->fields[f].dataset);
    H5Fclose(file);
    return status;
}

static enum cn_status read_bytes(const struct subject *subject, void *bytes, size_t size,
                                 uint64_t address, struct cn_error *error)
{
    ssize_t got = cn_pread_full(subject->descriptor, bytes, size, address);
    return got == (ssize_t)size ? CN_OK
           : got < 0            ? fail_read(error)
                                : fail_digest(error, "it is shorter than it was");
}

/* Reads a chunk piece by piece, as any size may stand in a file. buffer: [PIECE_BYTES]. */
static enum cn_status hash_chunk(const struct subject *subject, struct cn_stored_chunk *chunk,
                                 unsigned char *buffer, struct cn_error *error)
{
    XXH3_state_t state;
    XXH3_INITSTATE(&state);
    XXH3_64bits_reset(&state);
    for (uint64_t done = 0, size; done < chunk->size; done += size) {
        size = chunk->size - done < PIECE_BYTES ? chunk->size - done : PIECE_BYTES;
        enum cn_status status = read_bytes(subject, buffer, size, chunk->address + done, error);
        if (status)
            return status;
        XXH3_64bits_update(&state, buffer, size);
    }
    chunk->hash = XXH3_64bits_digest(&state); /* as cn_content_hash */
    return CN_OK;
}

/* Reads the metadata, with the placeholder for the digest: *size bytes around the area. */
static enum cn_status read_around_area(const struct subject *subject, unsigned char **metadata,
                                       size_t *size, struct cn_error *error)
{
    const uint64_t begin = subject->area_begin, end = subject->area_end;
    *metadata = NULL;
    if (subject->size - (end - begin) > MAX_METADATA_BYTES)
        return fail_metadata(error);
    *size = subject->size - (end - begin);
    unsigned char *bytes = malloc(*size + 1);
    if (!bytes)
        return cn_fail_memory(error, "the metadata of a file");
    *metadata = bytes;
    enum cn_status status = read_bytes(subject, bytes, begin, 0, error);
    if (!status)
        status = read_bytes(subject, bytes + begin, *size - begin, end, error);
    if (!status &&
        !cn_content_digest_replace(bytes, *size, subject->content, cn_content_placeholder))
        status = fail_metadata(error);
    return status;
}

static enum cn_status compare_metadata(const struct subject *subject, struct cn_error *error)
{
    unsigned char *metadata;
    size_t size = 0;
    enum cn_status status = read_around_area(subject, &metadata, &size, error);
    if (!status) {
        char digest[CN_CONTENT_DIGEST_LENGTH + 1];
        memcpy(digest, subject->content, sizeof digest); /* the second half counts too */
        cn_content_digest_metadata(metadata, size, digest);
        if (strcmp(digest, subject->content) != 0)
            status = fail_metadata(error);
    }
    free(metadata);
    return status;
}

static enum cn_status compare_values(struct subject *subject, struct cn_error *error)
{
    char digest[CN_CONTENT_DIGEST_LENGTH + 1];
    unsigned char *buffer = malloc(PIECE_BYTES);
    enum cn_status status = buffer ? CN_OK : cn_fail_memory(error, "a chunk");
    for (size_t k = 0; k < subject->chunk_count && !status; k++)
        status = hash_chunk(subject, &subject->chunks[k], buffer, error);
    free(buffer);
    if (status)
        return status;
    memcpy(digest, subject->content, sizeof digest);
    cn_content_digest_values(subject->chunks, subject->chunk_count, digest);
    return strcmp(digest, subject->content) == 0 ? CN_OK
                                                 : fail_digest(error, "its values are damaged");
}

/* Whether it is a regular file that begins as HDF5 does. Nothing else is given to HDF5. */
static bool begins_as_hdf5(int descriptor, uint64_t *size)
{
    char start[CN_HDF5_SIGNATURE_BYTES];
    struct stat status;
    if (fstat(descriptor, &status) || !S_ISREG(status.st_mode))
        return false;
    *size = (uint64_t)status.st_size;
    return cn_pread_full(descriptor, start, sizeof start, 0) == CN_HDF5_SIGNATURE_BYTES &&
           memcmp(start, CN_HDF5_SIGNATURE, sizeof start) == 0;
}

enum cn_status cn_output_verify(const char *path, enum cn_verify_depth depth,
                                struct cn_digests *digests, struct cn_error *error)
{
    struct subject subject = {.digests = digests,
                              .descriptor = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)};
    if (subject.descriptor < 0)
        return fail_read(error);
    enum cn_status status = begins_as_hdf5(subject.descriptor, &subject.size)
                                ? CN_OK
                                : cn_fail(error, CN_BAD_INPUT, "it is not a netCDF-4 file");
    if (!status) {
        char text[CN_DESCRIPTOR_PATH_BYTES];
        cn_hdf5_lock();
        status = read_structure(cn_descriptor_path(subject.descriptor, path, text), &subject, depth,
                                error);
        cn_hdf5_unlock();
    }
    if (!status)
        status = compare_metadata(&subject, error);
    if (!status && depth == CN_VERIFY_ALL)
        status = compare_values(&subject, error);
    free(subject.chunks);
    close(subject.descriptor);
    return status;
}
