/*
 * Measures in two steps: pieces of files are read from the disk, then decoded in all threads.
 */
#include "job/measure_input.h"

#include "base/clock.h"
#include "base/io.h"
#include "codec/scratch.h"
#include "source/bytes.h"
#include "source/file_index.h"
#include "source/file_reader.h"
#include "source/units.h"

#include <fcntl.h>
#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

enum {
    FILES = 4,             /* that pieces are taken from, spread over the years */
    DISK_THREADS = 4,      /* as many as a run reads ahead with, at least */
    MOST_PIECES = 2048,    /* of all files */
    MOST_THREADS = 256,    /* that decode */
    PIECE_BYTES = 4 << 20, /* decoded, of a piece; a larger unit is a piece */
    MOST_UNITS = 65536,    /* of a file, whose bytes are counted one by one */
    LEAST_ROWS = 2,
    MOST_ROWS = 2048,
};
static const uint64_t MOST_UNIT_BYTES = 256 << 20;         /* a larger one would take seconds */
static const double DISK_SHARE = 0.25, DECODE_SHARE = 0.5; /* of the time */

/* Units of a file that together hold some instants: all chunks of a few days. */
struct piece {
    size_t reader; /* index in sample->readers */
    size_t first_unit, unit_count;
    size_t first_instant, instant_count;
    bool is_read; /* from the disk */
};

struct sample {
    const struct cn_variable_plan *variable;
    const struct cn_kernels *kernels;
    const struct cn_measure_limits *limits;
    uint64_t start_ns, deadline_ns; /* of the step */
    struct cn_index_budget index_budget;
    struct cn_file_index indexes[FILES]; /* [reader_count] */
    struct cn_reader readers[FILES];
    size_t reader_count;
    struct piece *pieces; /* [piece_count] in the order in which they are measured */
    size_t piece_count;
    atomic_size_t next; /* piece for a thread to take */
    atomic_uint_fast64_t read_bytes;
    atomic_bool failed;
};

/* One thread that decodes. */
struct decoder {
    struct sample *sample;
    float *rows;      /* [row_count][row_cells], used in turn */
    size_t row_count; /* of this thread */
    size_t used;      /* rows that hold whole instants */
    size_t instants;
    double cpu_s;
};

static double seconds_from(uint64_t start_ns)
{
    return (double)(cn_now_ns() - start_ns) * 1e-9;
}

static size_t lesser_of(size_t a, size_t b)
{
    return a < b ? a : b;
}

static void begin_step(struct sample *sample, double share)
{
    atomic_store(&sample->next, 0);
    sample->start_ns = cn_now_ns();
    sample->deadline_ns = sample->start_ns + (uint64_t)(sample->limits->seconds * share * 1e9);
}

static bool is_step_over(const struct sample *sample)
{
    return cn_now_ns() >= sample->deadline_ns;
}

/* --- the pieces --- */

/* The file of a load's first year, and which of its instants the load takes. */
static const struct cn_file *file_of_load(const struct cn_variable_plan *variable,
                                          const struct cn_load *load, size_t *first, size_t *count)
{
    const struct cn_source_year *years = variable->variable->years;
    const struct cn_file *file = years[load->years[0]].parts[0].file;
    size_t end = 0;
    *first = SIZE_MAX;
    for (size_t k = 0; k < load->year_count; k++)
        for (size_t p = 0; p < years[load->years[k]].part_count; p++) {
            const struct cn_part *part = &years[load->years[k]].parts[p];
            if (part->file != file)
                continue;
            *first = part->first < *first ? part->first : *first;
            end = part->first + part->count > end ? part->first + part->count : end;
        }
    *count = end - *first;
    return file;
}

/* Pieces are decoded into rows of their threads; this one says that all instants are needed. */
static float any_row[1];

static enum cn_status open_reader(struct cn_reader *reader, struct cn_error *error)
{
    for (size_t k = 0; k < reader->count; k++)
        reader->rows[k] = any_row;
    return cn_reader_open(reader, error);
}

/* Opens files. The least time of one counts: the first one initializes libraries. */
static bool open_files(struct sample *sample, struct cn_input_costs *costs)
{
    const struct cn_variable_plan *variable = sample->variable;
    const struct cn_pass *pass = cn_first_pass(variable);
    const size_t files = lesser_of(pass->load_count, FILES);
    struct cn_error error;
    costs->open_wall_s = costs->open_s = INFINITY;
    for (size_t f = 0; f < files; f++) {
        const uint64_t start_ns = cn_now_ns();
        const double cpu_s = cn_thread_cpu_s();
        size_t first, count;
        const size_t load =
            pass->first_load + (files > 1 ? f * (pass->load_count - 1) / (files - 1) : 0);
        const struct cn_file *file = file_of_load(variable, &variable->loads[load], &first, &count);
        struct cn_file_index *index = &sample->indexes[sample->reader_count];
        struct cn_reader *reader = &sample->readers[sample->reader_count++];
        cn_file_index_init(index, file, &variable->layout, &sample->index_budget);
        if (cn_reader_plan(reader, index, &variable->layout, sample->kernels, first, count,
                           &error) ||
            open_reader(reader, &error) || reader->unit_bytes > MOST_UNIT_BYTES)
            return false;
        costs->open_wall_s = fmin(costs->open_wall_s, seconds_from(start_ns));
        costs->open_s = fmin(costs->open_s, cn_thread_cpu_s() - cpu_s);
    }
    return true;
}

/* The units that hold one stretch of instants: a block of them, or all chunks side by side. */
static size_t units_side_by_side(const struct cn_reader *reader)
{
    return reader->unit_first ? 1 : reader->grid.count[1] * reader->grid.count[2];
}

/* How many of these stretches make a piece: small ones are decoded together, as in a run. */
static size_t stretches_of_piece(const struct cn_reader *reader)
{
    const size_t bytes = units_side_by_side(reader) * reader->unit_bytes;
    return bytes < PIECE_BYTES ? PIECE_BYTES / bytes : 1;
}

static size_t count_pieces(const struct cn_reader *reader)
{
    const size_t stretches = reader->unit_count / units_side_by_side(reader);
    return (stretches - 1) / stretches_of_piece(reader) + 1;
}

static size_t first_instant(const struct cn_reader *reader, size_t unit)
{
    size_t begin[3];
    if (unit == reader->unit_count)
        return reader->first + reader->count;
    return reader->unit_first ? reader->unit_first[unit]
                              : cn_unit_block(reader, unit, begin).first[0];
}

static struct piece make_piece(const struct sample *sample, size_t f, size_t index)
{
    const struct cn_reader *reader = &sample->readers[f];
    const size_t units = stretches_of_piece(reader) * units_side_by_side(reader);
    const size_t first = index * units, left = reader->unit_count - first;
    struct piece piece = {.reader = f,
                          .first_unit = first,
                          .unit_count = left < units ? left : units,
                          .first_instant = first_instant(reader, first)};
    piece.instant_count = first_instant(reader, first + piece.unit_count) - piece.first_instant;
    return piece;
}

/* Lists pieces of all files in turn, which are spread over each file: seasons compress
 * differently. */
static bool list_pieces(struct sample *sample)
{
    static const double golden = 0.6180339887498949;
    size_t most = 0;
    sample->pieces = calloc(MOST_PIECES, sizeof *sample->pieces);
    if (!sample->pieces)
        return false;
    for (size_t f = 0; f < sample->reader_count; f++) {
        const size_t count = count_pieces(&sample->readers[f]);
        most = count > most ? count : most;
    }
    for (size_t k = 0; k < most; k++)
        for (size_t f = 0; f < sample->reader_count && sample->piece_count < MOST_PIECES; f++) {
            const struct cn_reader *reader = &sample->readers[f];
            const size_t count = count_pieces(reader);
            const double at = (double)k * golden + (double)f / (double)FILES;
            if (k < count)
                sample->pieces[sample->piece_count++] =
                    make_piece(sample, f, (size_t)((at - floor(at)) * (double)count));
        }
    return sample->piece_count > 0;
}

/* Stored bytes that an instant of the first file takes, as far as regions need it. */
static double bytes_of_instant(const struct sample *sample)
{
    const struct cn_reader *reader = &sample->readers[0];
    const size_t step = reader->unit_count / MOST_UNITS + 1;
    double bytes = 0;
    if (!reader->backend->span)
        return (double)reader->file->size / (double)reader->file->time_count;
    for (size_t unit = 0; unit < reader->unit_count; unit += step) {
        uint64_t address, spread, needed;
        if (reader->backend->span(reader, unit, &address, &spread, &needed))
            bytes += (double)needed * (double)step;
    }
    return bytes / (double)reader->count;
}

/* --- the disk --- */

static bool is_cached(int file, uint64_t address)
{
    char byte;
    const struct iovec one = {&byte, 1};
    return preadv2(file, &one, 1, (off_t)address, RWF_NOWAIT) == 1;
}

/* Reads the bytes of a piece, those from the disk that are in memory as well.
 * Returns: the bytes. */
static uint64_t read_piece(const struct cn_reader *reader, const struct piece *piece, int file,
                           struct cn_scratch *scratch)
{
    uint64_t bytes = 0;
    for (size_t unit = piece->first_unit; unit < piece->first_unit + piece->unit_count; unit++) {
        uint64_t address, size;
        if (!cn_reader_span(reader, unit, 1, &address, &size))
            continue;
        unsigned char *buffer = cn_scratch_get(scratch, 0, size);
        posix_fadvise(file, (off_t)address, (off_t)size, POSIX_FADV_DONTNEED);
        if (buffer && cn_pread_full(file, buffer, size, address) == (ssize_t)size)
            bytes += size;
    }
    return bytes;
}

static void *read_pieces(void *context)
{
    struct sample *sample = context;
    struct cn_scratch scratch = {0};
    struct cn_error error;
    for (size_t k;
         !is_step_over(sample) && (k = atomic_fetch_add(&sample->next, 1)) < sample->piece_count;) {
        struct piece *piece = &sample->pieces[k];
        const struct cn_reader *reader = &sample->readers[piece->reader];
        int file;
        if (cn_file_open(reader->file, &file, &error))
            break;
        atomic_fetch_add(&sample->read_bytes, read_piece(reader, piece, file, &scratch));
        piece->is_read = true;
        close(file);
    }
    cn_scratch_free(&scratch);
    return NULL;
}

/* The share of the first pieces that the page cache holds. */
static double cached_share(const struct sample *sample)
{
    size_t cached = 0, asked = 0;
    struct cn_error error;
    for (size_t k = 0; k < sample->piece_count && asked < 64; k++) {
        const struct piece *piece = &sample->pieces[k];
        const struct cn_reader *reader = &sample->readers[piece->reader];
        uint64_t address, size;
        int file;
        if (!cn_reader_span(reader, piece->first_unit, piece->unit_count, &address, &size) ||
            cn_file_open(reader->file, &file, &error))
            continue;
        asked++;
        cached += is_cached(file, address + size / 2);
        close(file);
    }
    return asked ? (double)cached / (double)asked : 0;
}

/* Starts `count` threads, and this one does the same work.
 * Returns: how many work. */
static int run_threads(int count, void *(*work)(void *), void *contexts, size_t context_bytes)
{
    pthread_t threads[MOST_THREADS];
    pthread_attr_t attributes;
    int started = 1;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, 1 << 20);
    while (started < count &&
           pthread_create(&threads[started], &attributes, work,
                          (char *)contexts + context_bytes * (size_t)started) == 0)
        started++;
    work(contexts);
    for (int t = 1; t < started; t++)
        pthread_join(threads[t], NULL);
    pthread_attr_destroy(&attributes);
    return started;
}

static void time_disk(struct sample *sample, struct cn_input_costs *costs)
{
    if (!sample->readers[0].backend->span)
        return;
    costs->cached = cached_share(sample);
    begin_step(sample, DISK_SHARE);
    run_threads(DISK_THREADS, read_pieces, sample, 0);
    const double seconds = seconds_from(sample->start_ns);
    if (seconds > 0)
        costs->disk_bytes_per_s = (double)atomic_load(&sample->read_bytes) / seconds;
    size_t kept = 0; /* those that were read are in memory now */
    for (size_t k = 0; k < sample->piece_count; k++)
        if (sample->pieces[k].is_read)
            sample->pieces[kept++] = sample->pieces[k];
    sample->piece_count = kept;
}

/* --- decoding --- */

/* False: it failed. */
static bool decode_piece(struct decoder *decoder, const struct piece *piece,
                         struct cn_reader *reader, struct cn_scratch *scratch)
{
    const size_t row_cells = decoder->sample->variable->layout.row_cells;
    const bool is_forked = !reader->backend->span;
    struct cn_error error;
    size_t failed;
    for (size_t k = 0; k < piece->instant_count; k++)
        reader->rows[piece->first_instant - reader->first + k] =
            decoder->rows + (decoder->used + k) % decoder->row_count * row_cells;
    const uint64_t wall_ns = cn_now_ns();
    const double cpu_s = cn_thread_cpu_s();
    if (cn_reader_decode(reader, piece->first_unit, piece->unit_count, scratch, &failed, &error))
        return false;
    decoder->cpu_s += is_forked ? seconds_from(wall_ns) : cn_thread_cpu_s() - cpu_s;
    decoder->instants += piece->instant_count;
    decoder->used += piece->instant_count;
    return true;
}

static void *decode_pieces(void *context)
{
    struct decoder *decoder = context;
    struct sample *sample = decoder->sample;
    struct cn_scratch scratch = {0};
    for (size_t k; !is_step_over(sample) && !atomic_load(&sample->failed) &&
                   (k = atomic_fetch_add(&sample->next, 1)) < sample->piece_count;) {
        const struct piece *piece = &sample->pieces[k];
        struct cn_reader reader = sample->readers[piece->reader];
        reader.rows = calloc(reader.count, sizeof *reader.rows);
        if (!reader.rows || !decode_piece(decoder, piece, &reader, &scratch))
            atomic_store(&sample->failed, true);
        free(reader.rows);
    }
    if (decoder->used > decoder->row_count)
        decoder->used = decoder->row_count;
    cn_scratch_free(&scratch);
    return NULL;
}

/* Decodes in as many threads as the run, since they share caches and memory. */
static bool time_decoding(struct sample *sample, struct cn_decoded_rows *rows,
                          struct cn_input_costs *costs)
{
    const size_t row_cells = sample->variable->layout.row_cells;
    struct decoder decoders[MOST_THREADS] = {{.sample = sample}};
    size_t most = sample->limits->memory_bytes / (row_cells * sizeof(float)), instants = 0;
    size_t threads = sample->readers[0].backend->span ? (size_t)sample->limits->threads : 1;
    most = most < LEAST_ROWS ? LEAST_ROWS : lesser_of(most, MOST_ROWS);
    threads = lesser_of(threads, lesser_of(most, MOST_THREADS));
    most = most / threads * threads;
    rows->memory = malloc(most * row_cells * sizeof(float));
    rows->items = calloc(most, sizeof *rows->items);
    if (!rows->memory || !rows->items)
        return false;
    const double cpu_s = cn_thread_cpu_s();
    for (size_t c = 0; c < most * row_cells; c++)
        rows->memory[c] = NAN;
    costs->touch_s = (cn_thread_cpu_s() - cpu_s) / (double)(most * row_cells * sizeof(float));
    for (size_t t = 0; t < threads; t++) {
        decoders[t].sample = sample;
        decoders[t].row_count = most / threads;
        decoders[t].rows = rows->memory + t * decoders[t].row_count * row_cells;
    }
    begin_step(sample, DECODE_SHARE);
    run_threads((int)threads, decode_pieces, decoders, sizeof *decoders);
    for (size_t t = 0; t < threads; t++) {
        instants += decoders[t].instants;
        costs->decode_s += decoders[t].cpu_s;
        for (size_t k = 0; k < decoders[t].used; k++)
            rows->items[rows->count++] = decoders[t].rows + k * row_cells;
    }
    if (atomic_load(&sample->failed) || !instants)
        return false;
    costs->decode_s /= (double)instants;
    return true;
}

bool cn_measure_input(const struct cn_variable_plan *variable, const struct cn_kernels *kernels,
                      const struct cn_measure_limits *limits, struct cn_input_costs *costs,
                      struct cn_decoded_rows *rows)
{
    struct sample sample = {.variable = variable, .kernels = kernels, .limits = limits};
    *costs = (struct cn_input_costs){0};
    *rows = (struct cn_decoded_rows){0};
    bool is_known = open_files(&sample, costs) && list_pieces(&sample);
    if (is_known) {
        costs->instant_bytes = bytes_of_instant(&sample);
        time_disk(&sample, costs);
        is_known = time_decoding(&sample, rows, costs) && rows->count > 0;
    }
    free(sample.pieces);
    for (size_t f = 0; f < sample.reader_count; f++) {
        cn_reader_free(&sample.readers[f]);
        cn_file_index_free(&sample.indexes[f]);
    }
    return is_known;
}

void cn_decoded_rows_free(struct cn_decoded_rows *rows)
{
    free(rows->items);
    free(rows->memory);
    *rows = (struct cn_decoded_rows){0};
}
