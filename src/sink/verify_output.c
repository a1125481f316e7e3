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

#include <errno.h>
#include <fcntl.h>
#include <hdf5.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MAX_FIELDS = 16, MAX_RANK = 4, DIGEST_LENGTH = 32 };
static const size_t MAX_METADATA_BYTES = (size_t)1 << 30;

/* An array whose chunks were put, as its dataset has it. */
struct field {
    hid_t dataset;
    int rank, slot_dim;      /* targets, if any, come before the slots */
    hsize_t targets, chunks; /* of a target */
    hsize_t chunk_slots;
};

/* A file that is being verified. */
struct subject {
    int descriptor;
    uint64_t size;
    struct field fields[MAX_FIELDS]; /* [field_count] in the order of their definition */
    size_t field_count;
    struct cn_stored_chunk *chunks; /* [chunk_count] all; or the first and the last */
    size_t chunk_count;
    char content[CN_CONTENT_DIGEST_LENGTH + 1];
    struct cn_digests *digests;
};

static enum cn_status fail_digest(struct cn_error *error, const char *what)
{
    return cn_fail(error, CN_BAD_INPUT, "%s; run again to make it again", what);
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

/* Whether the dataset is a field: chunked, and on a grid. *field: how it lies in the file. */
static bool read_field(hid_t dataset, struct field *field)
{
    hsize_t shape[MAX_RANK], chunk[MAX_RANK];
    hid_t space = H5Dget_space(dataset), list = H5Dget_create_plist(dataset);
    int rank = space < 0 ? -1 : H5Sget_simple_extent_ndims(space);
    bool is_field = rank >= 3 && rank <= MAX_RANK && list >= 0 &&
                    H5Pget_layout(list) == H5D_CHUNKED && H5Aexists(dataset, "grid_mapping") > 0 &&
                    H5Sget_simple_extent_dims(space, shape, NULL) == rank &&
                    H5Pget_chunk(list, rank, chunk) == rank;
    if (is_field) {
        int slot = rank - 3;
        *field = (struct field){.dataset = dataset,
                                .rank = rank,
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
        read_field(object, &subject->fields[subject->field_count]))
        subject->field_count++;
    else
        H5Oclose(object);
    return 0;
}

static bool locate_chunk(const struct subject *subject, const struct field *field, hsize_t target,
                         hsize_t chunk, struct cn_stored_chunk *stored)
{
    hsize_t offset[MAX_RANK] = {0}, size = 0;
    haddr_t address = HADDR_UNDEF;
    unsigned mask = 0;
    offset[0] = target;
    offset[field->slot_dim] = chunk * field->chunk_slots;
    if (H5Dget_chunk_info_by_coord(field->dataset, offset, &mask, &address, &size) < 0 || mask ||
        !size || size > subject->size || address > subject->size - size)
        return false;
    *stored = (struct cn_stored_chunk){.address = address, .size = size};
    return true;
}

/* Lists all chunks, or the first and the last, in the order of their addresses. */
static enum cn_status list_chunks(struct subject *subject, enum cn_verify_depth depth,
                                  struct cn_error *error)
{
    const struct field *first = &subject->fields[0];
    const struct field *last = &subject->fields[subject->field_count - 1];
    size_t count = 0;
    for (size_t f = 0; f < subject->field_count; f++) {
        const struct field *field = &subject->fields[f];
        hsize_t chunks;
        if (field->targets != first->targets || field->chunks != first->chunks ||
            __builtin_mul_overflow(field->targets, field->chunks, &chunks) ||
            chunks > subject->size) /* a chunk has a byte at least */
            return fail_digest(error, "its metadata are damaged");
        count += chunks;
    }
    subject->chunks = calloc(count, sizeof *subject->chunks);
    if (!subject->chunks)
        return cn_fail_memory(error, "the chunks of a file");
    bool is_read = true;
    if (depth == CN_VERIFY_METADATA) {
        is_read =
            locate_chunk(subject, first, 0, 0, &subject->chunks[0]) &&
            locate_chunk(subject, last, last->targets - 1, last->chunks - 1, &subject->chunks[1]);
        subject->chunk_count = 2;
    } else {
        for (hsize_t t = 0; t < first->targets; t++)
            for (size_t f = 0; f < subject->field_count; f++)
                for (hsize_t k = 0; k < first->chunks && is_read; k++)
                    is_read = locate_chunk(subject, &subject->fields[f], t, k,
                                           &subject->chunks[subject->chunk_count++]);
    }
    return is_read ? CN_OK : fail_digest(error, "its metadata are damaged");
}

/* Reads what HDF5 knows. The caller holds the HDF5 lock. */
static enum cn_status read_structure(const char *path, struct subject *subject,
                                     enum cn_verify_depth depth, struct cn_error *error)
{
    hid_t file = H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT);
    if (file < 0)
        return fail_digest(error, "HDF5 cannot open it");
    enum cn_status status = CN_OK;
    if (H5Aexists(file, CN_CONTENT_DIGEST) <= 0)
        status =
            cn_fail(error, CN_BAD_INPUT,
                    "it has no " CN_CONTENT_DIGEST ": this version of climnorm did not make it");
    else if (!read_digest(file, CN_CONTENT_DIGEST, subject->content) ||
             !read_digest(file, "climnorm_config_digest", subject->digests->config) ||
             !read_digest(file, "climnorm_inputs_digest", subject->digests->inputs) ||
             H5Literate(file, H5_INDEX_CRT_ORDER, H5_ITER_INC, NULL, visit_object, subject) < 0 ||
             !subject->field_count)
        status = fail_digest(error, "its metadata are damaged");
    if (!status)
        status = list_chunks(subject, depth, error);
    for (size_t f = 0; f < subject->field_count; f++)
        H5Oclose(subject->fields[f].dataset);
    H5Fclose(file);
    return status;
}

/* Reads bytes of the file and hashes them. */
static enum cn_status hash_bytes(const struct subject *subject, struct cn_stored_chunk *chunk,
                                 struct cn_error *error)
{
    void *bytes = malloc(chunk->size);
    if (!bytes)
        return cn_fail_memory(error, "a chunk");
    ssize_t got = cn_pread_full(subject->descriptor, bytes, chunk->size, chunk->address);
    if (got == (ssize_t)chunk->size)
        chunk->hash = cn_content_hash(bytes, chunk->size);
    free(bytes);
    return got == (ssize_t)chunk->size ? CN_OK
           : got < 0                   ? fail_read(error)
                                       : fail_digest(error, "it is shorter than it was");
}

/* Reads all bytes but those of the area begin … end - 1, with the placeholder for the digest. */
static enum cn_status read_around(const struct subject *subject, uint64_t begin, uint64_t end,
                                  unsigned char **metadata, size_t *size, struct cn_error *error)
{
    *metadata = NULL;
    if (begin > end || end > subject->size || subject->size - (end - begin) > MAX_METADATA_BYTES)
        return fail_digest(error, "its metadata are damaged");
    *size = subject->size - (end - begin);
    unsigned char *bytes = malloc(*size + 1);
    if (!bytes)
        return cn_fail_memory(error, "the metadata of a file");
    *metadata = bytes;
    errno = 0;
    if (cn_pread_full(subject->descriptor, bytes, begin, 0) != (ssize_t)begin ||
        cn_pread_full(subject->descriptor, bytes + begin, *size - begin, end) !=
            (ssize_t)(*size - begin))
        return errno ? fail_read(error) : fail_digest(error, "it is shorter than it was");
    return cn_content_digest_replace(bytes, *size, subject->content, cn_content_placeholder)
               ? CN_OK
               : fail_digest(error, "its metadata are damaged");
}

/* Compares the digests, as deep as chunks are listed. */
static enum cn_status compare(struct subject *subject, enum cn_verify_depth depth,
                              struct cn_error *error)
{
    enum { HALF = CN_CONTENT_DIGEST_LENGTH / 2 };
    struct cn_stored_chunk *chunks = subject->chunks;
    const struct cn_stored_chunk *last = &chunks[subject->chunk_count - 1];
    unsigned char *metadata;
    size_t size = 0;
    char digest[CN_CONTENT_DIGEST_LENGTH + 1];
    enum cn_status status =
        read_around(subject, chunks->address, last->address + last->size, &metadata, &size, error);
    for (size_t k = 0; depth == CN_VERIFY_ALL && k < subject->chunk_count && !status; k++)
        status = k && chunks[k].address != chunks[k - 1].address + chunks[k - 1].size
                     ? fail_digest(error, "its metadata are damaged")
                     : hash_bytes(subject, &chunks[k], error);
    if (!status) {
        cn_content_digest(metadata, size, chunks, subject->chunk_count, digest);
        if (memcmp(digest, subject->content, HALF) != 0)
            status = fail_digest(error, "its metadata are damaged");
        else if (depth == CN_VERIFY_ALL &&
                 memcmp(digest + HALF, subject->content + HALF, HALF) != 0)
            status = fail_digest(error, "its values are damaged");
    }
    free(metadata);
    return status;
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
        status = compare(&subject, depth, error);
    free(subject.chunks);
    close(subject.descriptor);
    return status;
}
