/*
 * Reading ahead: threads that read what is not in the page cache before the decodes come to it, so
 * that a cold disk works while they inflate. They decode nothing: they wait for files to be opened,
 * for the disk, and for buffers. What they cannot do is left to the decode.
 */
#include "base/machine.h"
#include "base/threads.h"
#include "engine/engine.h"
#include "source/bytes.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/uio.h>
#include <unistd.h>

enum {
    LEAST_THREADS = 4, /* what a disk needs to be busy; and one for each four that decode */
    MOST_THREADS = 16,
    BUFFERS_PER_THREAD = 4,
    SPARE_BUFFERS = 4,
    MOST_BYTES = 32 << 20, /* of a buffer */
    MEMORY_SHARE = 32,     /* of the machine's memory: all buffers together */
    STEP = 4 << 20,        /* read at once: a request to stop is heard in between; and the unit of
                              a buffer's size */
    BLOCK = 4096,          /* of a disk, for reading past the page cache */
};

/* Who reads the bytes of a decode: nobody yet; a thread here; it has; the decode itself. */
enum { NOBODY, READING, READ, DECODE };

struct cn_buffer {
    struct cn_buffer *next;
    unsigned char *memory;
    size_t room;
    struct cn_prefetched prefetched;
};

struct cn_readahead {
    pthread_t threads[MOST_THREADS];
    int thread_count;
    bool direct; /* past the page cache */
    pthread_mutex_t lock;
    pthread_cond_t more, given, done; /* loads; a buffer back; bytes were read, or not */
    size_t *loads;                    /* [count] opened, in order */
    size_t count, load, decode;       /* the next decode to care for: in loads[load] */
    struct cn_buffer *buffers, *free;
    size_t buffer_count;
    uint64_t room_left; /* that buffers may still grow, together */
    bool finished;
};

/* What a byte that is asked for without waiting tells of its neighbours. */
enum where { IN_CACHE, ON_DISK, UNKNOWN };

static enum where page_cache_state(int file, uint64_t address)
{
    char byte;
    const struct iovec one = {&byte, 1};
    if (preadv2(file, &one, 1, (off_t)address, RWF_NOWAIT) == 1)
        return IN_CACHE;
    return errno == EAGAIN ? ON_DISK : UNKNOWN; /* some file systems cannot be asked */
}

/* Under the lock. */
static bool make_room(struct cn_readahead *readahead, struct cn_buffer *buffer, size_t bytes)
{
    size_t room = (bytes + STEP - 1) / STEP * STEP;
    if (buffer->room >= bytes)
        return true;
    if (room - buffer->room > readahead->room_left)
        return false;
    readahead->room_left += buffer->room;
    free(buffer->memory);
    buffer->memory = aligned_alloc(BLOCK, room);
    buffer->room = buffer->memory ? room : 0;
    readahead->room_left -= buffer->room;
    return buffer->memory != NULL;
}

/* Reads whole blocks, but for the file's last one, into a buffer that has room. */
static bool fill(struct cn_engine *engine, int file, struct cn_buffer *buffer, uint64_t address,
                 uint64_t size)
{
    const uint64_t begin = address / BLOCK * BLOCK, end = address + size;
    for (size_t done = 0; done < end - begin;) {
        size_t step = (size_t)(end - begin - done + BLOCK - 1) / BLOCK * BLOCK;
        step = step < STEP ? step : STEP;
        ssize_t got = pread(file, buffer->memory + done, step, (off_t)(begin + done));
        if (got < 0 && errno == EINVAL && fcntl(file, F_SETFL, 0) == 0) /* not past the cache */
            got = pread(file, buffer->memory + done, step, (off_t)(begin + done));
        if ((got <= 0 && !(got < 0 && errno == EINTR)) || !cn_engine_is_running(engine))
            return false; /* the decode will meet it, and tell */
        done += got > 0 ? (size_t)got : 0;
    }
    buffer->prefetched = (struct cn_prefetched){address, size, buffer->memory + (address - begin)};
    return true;
}

/* A free buffer; waits for one. NULL: it is over. */
static struct cn_buffer *get_buffer(struct cn_readahead *readahead)
{
    while (!readahead->finished && !readahead->free)
        pthread_cond_wait(&readahead->given, &readahead->lock);
    struct cn_buffer *buffer = readahead->finished ? NULL : readahead->free;
    if (buffer)
        readahead->free = buffer->next;
    return buffer;
}

static void put_buffer(struct cn_readahead *readahead, struct cn_buffer *buffer)
{
    buffer->next = readahead->free;
    readahead->free = buffer;
    pthread_cond_signal(&readahead->given);
}

/* Takes the decode and a buffer for it; NULL: it is the decode's own affair. */
static struct cn_buffer *take_decode(struct cn_readahead *readahead, struct cn_decode *decode,
                                     uint64_t size)
{
    int nobody = NOBODY;
    pthread_mutex_lock(&readahead->lock);
    struct cn_buffer *buffer = get_buffer(readahead);
    if (buffer && (!make_room(readahead, buffer, (size_t)size + 2 * BLOCK) ||
                   !atomic_compare_exchange_strong(&decode->state, &nobody, READING))) {
        put_buffer(readahead, buffer);
        buffer = NULL;
    }
    pthread_mutex_unlock(&readahead->lock);
    return buffer;
}

static void give_back(struct cn_readahead *readahead, struct cn_decode *decode,
                      struct cn_buffer *buffer, bool well)
{
    pthread_mutex_lock(&readahead->lock);
    if (well)
        decode->buffer = buffer;
    else
        put_buffer(readahead, buffer);
    atomic_store(&decode->state, well ? READ : DECODE);
    pthread_cond_broadcast(&readahead->done);
    pthread_mutex_unlock(&readahead->lock);
}

static void prefetch_decode(struct cn_engine *engine, const struct cn_load_state *load,
                            struct cn_decode *decode)
{
    struct cn_readahead *readahead = engine->readahead;
    const struct cn_reader *read = &load->reads[decode->read];
    uint64_t address, size;
    if (!cn_engine_is_running(engine) || atomic_load(&decode->state) != NOBODY ||
        atomic_load(&load->failed[decode->read]) ||
        !cn_reader_span(read, decode->first_unit, decode->unit_count, &address, &size) ||
        size > MOST_BYTES - 2 * BLOCK)
        return;
    /* O_NONBLOCK: what became a FIFO meanwhile is not waited for. */
    const int flags = O_RDONLY | O_NONBLOCK | O_CLOEXEC;
    int file = open(read->file->path, flags);
    enum where where = file < 0 ? IN_CACHE : page_cache_state(file, address + size - 1);
    struct cn_buffer *buffer = where == IN_CACHE ? NULL : take_decode(readahead, decode, size);
    if (buffer) {
        bool direct = readahead->direct && where == ON_DISK &&
                      fcntl(file, F_SETFL, O_DIRECT | O_NONBLOCK) == 0;
        bool well =
            cn_file_is_unchanged(read->file, file) && fill(engine, file, buffer, address, size);
        /* Looking left its page in the cache, where it would deceive the next run. */
        if (direct)
            posix_fadvise(file, (off_t)((address + size - 1) / BLOCK * BLOCK), BLOCK,
                          POSIX_FADV_DONTNEED);
        give_back(readahead, decode, buffer, well);
    }
    if (file >= 0)
        close(file);
}

static void *readahead_main(void *argument)
{
    struct cn_engine *engine = argument;
    struct cn_readahead *readahead = engine->readahead;
    cn_thread_unbind();
    pthread_mutex_lock(&readahead->lock);
    while (!readahead->finished) {
        if (readahead->load == readahead->count) {
            pthread_cond_wait(&readahead->more, &readahead->lock);
            continue;
        }
        const struct cn_load_state *load = &engine->loads[readahead->loads[readahead->load]];
        if (readahead->decode == load->decode_count) {
            readahead->load++;
            readahead->decode = 0;
            continue;
        }
        struct cn_decode *decode = &load->decodes[readahead->decode++];
        pthread_mutex_unlock(&readahead->lock);
        prefetch_decode(engine, load, decode);
        pthread_mutex_lock(&readahead->lock);
    }
    pthread_mutex_unlock(&readahead->lock);
    return NULL;
}

/* A job that reads more than a part of memory would only push out of the page cache what others
 * have there; past it, reading also costs less processor time. */
static bool is_large(const struct cn_plan *plan)
{
    uint64_t bytes = 0;
    for (size_t v = 0; v < plan->variable_count; v++)
        bytes += plan->variables[v].bytes_to_read;
    return bytes > cn_machine_memory() / 4;
}

enum cn_status cn_readahead_start(struct cn_engine *engine, struct cn_error *error)
{
    struct cn_readahead *readahead = calloc(1, sizeof *readahead);
    if (!readahead)
        return cn_fail_memory(error, "reading ahead");
    pthread_mutex_init(&readahead->lock, NULL);
    pthread_cond_init(&readahead->more, NULL);
    pthread_cond_init(&readahead->given, NULL);
    pthread_cond_init(&readahead->done, NULL);
    engine->readahead = readahead;
    readahead->direct = is_large(engine->plan);
    readahead->room_left = cn_machine_memory() / MEMORY_SHARE;
    readahead->buffer_count = (size_t)engine->threads * BUFFERS_PER_THREAD + SPARE_BUFFERS;
    readahead->loads = calloc(engine->variable->load_count + 1, sizeof *readahead->loads);
    readahead->buffers = calloc(readahead->buffer_count, sizeof *readahead->buffers);
    if (!readahead->loads || !readahead->buffers)
        return cn_fail_memory(error, "reading ahead");
    for (size_t k = 0; k < readahead->buffer_count; k++)
        put_buffer(readahead, &readahead->buffers[k]);
    int wanted = LEAST_THREADS + engine->threads / 4;
    while (
        readahead->thread_count < (wanted < MOST_THREADS ? wanted : MOST_THREADS) &&
        !pthread_create(&readahead->threads[readahead->thread_count], NULL, readahead_main, engine))
        readahead->thread_count++;
    return CN_OK; /* without threads, decodes read for themselves */
}

void cn_readahead_take(struct cn_engine *engine, size_t load)
{
    struct cn_readahead *readahead = engine->readahead;
    pthread_mutex_lock(&readahead->lock);
    readahead->loads[readahead->count++] = load;
    pthread_cond_broadcast(&readahead->more);
    pthread_mutex_unlock(&readahead->lock);
}

const struct cn_prefetched *cn_readahead_claim(struct cn_engine *engine, struct cn_decode *decode)
{
    struct cn_readahead *readahead = engine->readahead;
    int state = NOBODY;
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
    pthread_cond_broadcast(&readahead->more);
    pthread_cond_broadcast(&readahead->given);
    pthread_mutex_unlock(&readahead->lock);
    for (int t = 0; t < readahead->thread_count; t++)
        pthread_join(readahead->threads[t], NULL);
    for (size_t k = 0; readahead->buffers && k < readahead->buffer_count; k++)
        free(readahead->buffers[k].memory);
    pthread_mutex_destroy(&readahead->lock);
    pthread_cond_destroy(&readahead->more);
    pthread_cond_destroy(&readahead->given);
    pthread_cond_destroy(&readahead->done);
    free(readahead->loads);
    free(readahead->buffers);
    free(readahead);
    engine->readahead = NULL;
}
