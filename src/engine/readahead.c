/*
 * Reading ahead. The threads wait for loads to be opened, for the disk, and for free buffers.
 */
#include "engine/readahead.h"

#include "base/error.h"
#include "engine/damage.h"
#include "source/file_reader.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/uio.h>
#include <unistd.h>

enum {
    LEAST_THREADS = 4, /* keep a disk busy; one more for each four that decode */
    BUFFERS_PER_THREAD = 4,
    SPARE_BUFFERS = 4,
    MOST_BYTES = 32 << 20, /* of a buffer */
    MEMORY_SHARE = 32,     /* of the machine's memory: all buffers together */
    STEP = 4 << 20, /* bytes of one read, between which a stop is noticed; buffers grow by it */
    BLOCK = 4096,   /* of a disk; reads past the page cache are whole blocks */
};

/* The bytes of a decode: unclaimed; a thread reads them; it has read them; the decode reads. */
enum { UNCLAIMED, READING, READ, DECODE };

struct cn_buffer {
    struct cn_buffer *next;
    unsigned char *memory;
    size_t capacity;
    struct cn_prefetched prefetched;
};

struct cn_readahead {
    struct cn_queue queue;      /* of decodes */
    bool direct;                /* past the page cache */
    pthread_mutex_t lock;       /* of all below */
    pthread_cond_t freed, done; /* a buffer is free; a read has ended */
    struct cn_buffer *buffers, *free;
    size_t buffer_count;
    uint64_t bytes_left; /* bytes that all buffers together may still grow by */
    bool finished;
};

/* Where a byte is. Its neighbours are taken to be there, too. */
enum location { IN_CACHE, ON_DISK, UNKNOWN };

static enum location page_cache_state(int file, uint64_t address)
{
    char byte;
    const struct iovec one = {&byte, 1};
    if (preadv2(file, &one, 1, (off_t)address, RWF_NOWAIT) == 1)
        return IN_CACHE;
    return errno == EAGAIN ? ON_DISK : UNKNOWN; /* some file systems do not say */
}

/* Grows a buffer to `bytes`, within what is left for all. The caller holds the lock. */
static bool grow_buffer(struct cn_readahead *readahead, struct cn_buffer *buffer, size_t bytes)
{
    size_t capacity = (bytes + STEP - 1) / STEP * STEP;
    if (buffer->capacity >= bytes)
        return true;
    if (capacity - buffer->capacity > readahead->bytes_left)
        return false;
    readahead->bytes_left += buffer->capacity;
    free(buffer->memory);
    buffer->memory = aligned_alloc(BLOCK, capacity);
    buffer->capacity = buffer->memory ? capacity : 0;
    readahead->bytes_left -= buffer->capacity;
    return buffer->memory != NULL;
}

/* Reads whole blocks, except the last one of the file, into a buffer that is large enough. False:
 * the read failed or the engine stops; the decode will report it. */
static bool fill_buffer(struct cn_engine *engine, int file, struct cn_buffer *buffer,
                        uint64_t address, uint64_t size)
{
    const uint64_t begin = address / BLOCK * BLOCK, end = address + size;
    for (size_t done = 0; done < end - begin;) {
        size_t step = (size_t)(end - begin - done + BLOCK - 1) / BLOCK * BLOCK;
        step = step < STEP ? step : STEP;
        ssize_t got = pread(file, buffer->memory + done, step, (off_t)(begin + done));
        if (got < 0 && errno == EINVAL && fcntl(file, F_SETFL, 0) == 0) /* no O_DIRECT here */
            got = pread(file, buffer->memory + done, step, (off_t)(begin + done));
        if ((got <= 0 && !(got < 0 && errno == EINTR)) || !cn_engine_is_running(engine))
            return false;
        done += got > 0 ? (size_t)got : 0;
    }
    buffer->prefetched = (struct cn_prefetched){address, size, buffer->memory + (address - begin)};
    return true;
}

/* A free buffer; waits for one. NULL: the threads must end. The caller holds the lock. */
static struct cn_buffer *get_buffer(struct cn_readahead *readahead)
{
    while (!readahead->finished && !readahead->free)
        pthread_cond_wait(&readahead->freed, &readahead->lock);
    struct cn_buffer *buffer = readahead->finished ? NULL : readahead->free;
    if (buffer)
        readahead->free = buffer->next;
    return buffer;
}

static void put_buffer(struct cn_readahead *readahead, struct cn_buffer *buffer)
{
    buffer->next = readahead->free;
    readahead->free = buffer;
    pthread_cond_signal(&readahead->freed);
}

/* Claims a decode for this thread, with a buffer. NULL: the decode reads for itself. */
static struct cn_buffer *claim_with_buffer(struct cn_readahead *readahead, struct cn_decode *decode,
                                           uint64_t size)
{
    int unclaimed = UNCLAIMED;
    pthread_mutex_lock(&readahead->lock);
    struct cn_buffer *buffer = get_buffer(readahead);
    if (buffer && (!grow_buffer(readahead, buffer, (size_t)size + 2 * BLOCK) ||
                   !atomic_compare_exchange_strong(&decode->state, &unclaimed, READING))) {
        put_buffer(readahead, buffer);
        buffer = NULL;
    }
    pthread_mutex_unlock(&readahead->lock);
    return buffer;
}

/* Ends what claim_with_buffer began. is_read: the buffer has the bytes. */
static void finish_claim(struct cn_readahead *readahead, struct cn_decode *decode,
                         struct cn_buffer *buffer, bool is_read)
{
    pthread_mutex_lock(&readahead->lock);
    if (is_read)
        decode->buffer = buffer;
    else
        put_buffer(readahead, buffer);
    atomic_store(&decode->state, is_read ? READ : DECODE);
    pthread_cond_broadcast(&readahead->done);
    pthread_mutex_unlock(&readahead->lock);
}

static bool is_of_use(const struct cn_engine *engine, const struct cn_decode *decode)
{
    return cn_are_units_needed(engine, decode->load, decode->reader, decode->first_unit,
                               decode->unit_count);
}

static void prefetch_decode(void *context, struct cn_queue_item *item)
{
    struct cn_engine *engine = context;
    struct cn_decode *decode = (struct cn_decode *)item;
    struct cn_readahead *readahead = engine->readahead;
    const struct cn_file *input = decode->reader->file;
    const uint64_t address = decode->address, size = decode->size;
    if (!cn_engine_is_running(engine) || atomic_load(&decode->state) != UNCLAIMED ||
        !is_of_use(engine, decode))
        return;
    /* O_NONBLOCK: the file may have become a FIFO, whose open would wait for a writer. */
    const int flags = O_RDONLY | O_NONBLOCK | O_CLOEXEC;
    int file = open(input->path, flags);
    enum location location = file < 0 ? IN_CACHE : page_cache_state(file, address + size - 1);
    struct cn_buffer *buffer =
        location == IN_CACHE ? NULL : claim_with_buffer(readahead, decode, size);
    if (buffer) {
        bool direct = readahead->direct && location == ON_DISK &&
                      fcntl(file, F_SETFL, O_DIRECT | O_NONBLOCK) == 0;
        bool is_read =
            cn_file_is_unchanged(input, file) && fill_buffer(engine, file, buffer, address, size);
        /* page_cache_state read a page into the cache, and would find it in the next run. */
        if (direct)
            posix_fadvise(file, (off_t)((address + size - 1) / BLOCK * BLOCK), BLOCK,
                          POSIX_FADV_DONTNEED);
        finish_claim(readahead, decode, buffer, is_read);
    }
    if (file >= 0)
        close(file);
}

/* Whether the run reads more than a quarter of the memory. It would only evict from the page cache
 * what others have there. Reading past the cache also costs less processor time. */
static bool is_large_run(const struct cn_plan *plan)
{
    uint64_t bytes = 0;
    for (size_t v = 0; v < plan->variable_count; v++)
        bytes += plan->variables[v].bytes_to_read;
    return bytes > plan->resources.machine_memory / 4;
}

enum cn_status cn_readahead_start(struct cn_engine *engine, struct cn_error *error)
{
    struct cn_readahead *readahead = calloc(1, sizeof *readahead);
    if (!readahead)
        return cn_fail_memory(error, "reading ahead");
    pthread_mutex_init(&readahead->lock, NULL);
    pthread_cond_init(&readahead->freed, NULL);
    pthread_cond_init(&readahead->done, NULL);
    engine->readahead = readahead;
    readahead->direct = is_large_run(engine->plan);
    readahead->bytes_left = engine->plan->resources.machine_memory / MEMORY_SHARE;
    readahead->buffer_count = (size_t)engine->threads * BUFFERS_PER_THREAD + SPARE_BUFFERS;
    readahead->buffers = calloc(readahead->buffer_count, sizeof *readahead->buffers);
    if (!readahead->buffers)
        return cn_fail_memory(error, "reading ahead");
    for (size_t k = 0; k < readahead->buffer_count; k++)
        put_buffer(readahead, &readahead->buffers[k]);
    cn_queue_start(&readahead->queue, LEAST_THREADS + engine->threads / 4, 1, prefetch_decode,
                   engine);
    return CN_OK; /* without threads, decodes read for themselves */
}

void cn_readahead_add(struct cn_engine *engine, struct cn_decode *decodes, size_t count)
{
    for (size_t d = 0; d < count && cn_engine_is_running(engine); d++) {
        struct cn_decode *decode = &decodes[d];
        if (is_of_use(engine, decode) &&
            cn_reader_span(decode->reader, decode->first_unit, decode->unit_count, &decode->address,
                           &decode->size) &&
            decode->size <= MOST_BYTES - 2 * BLOCK)
            cn_queue_add(&engine->readahead->queue, &decode->item);
    }
}

const struct cn_prefetched *cn_readahead_claim(struct cn_engine *engine, struct cn_decode *decode)
{
    struct cn_readahead *readahead = engine->readahead;
    int state = UNCLAIMED;
    if (atomic_compare_exchange_strong(&decode->state, &state, DECODE))
        return NULL;
    pthread_mutex_lock(&readahead->lock);
    while (atomic_load(&decode->state) == READING)
        pthread_cond_wait(&readahead->done, &readahead->lock);
    pthread_mutex_unlock(&readahead->lock);
    return decode->buffer ? &decode->buffer->prefetched : NULL;
}

void cn_readahead_release(struct cn_engine *engine, struct cn_decode *decode)
{
    struct cn_readahead *readahead = engine->readahead;
    if (!decode->buffer)
        return;
    pthread_mutex_lock(&readahead->lock);
    put_buffer(readahead, decode->buffer);
    decode->buffer = NULL;
    pthread_mutex_unlock(&readahead->lock);
}

void cn_readahead_finish(struct cn_engine *engine)
{
    struct cn_readahead *readahead = engine->readahead;
    if (!readahead)
        return;
    pthread_mutex_lock(&readahead->lock);
    readahead->finished = true;
    pthread_cond_broadcast(&readahead->freed);
    pthread_mutex_unlock(&readahead->lock);
    cn_queue_finish(&readahead->queue);
    for (size_t k = 0; readahead->buffers && k < readahead->buffer_count; k++)
        free(readahead->buffers[k].memory);
    pthread_mutex_destroy(&readahead->lock);
    pthread_cond_destroy(&readahead->freed);
    pthread_cond_destroy(&readahead->done);
    free(readahead->buffers);
    free(readahead);
    engine->readahead = NULL;
}
