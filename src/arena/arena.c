/*
 * One anonymous mapping, aligned for huge pages.
 */
#include "arena/arena.h"

#include "base/error.h"
#include "base/format.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { HUGE_PAGE = 2 << 20 };

enum cn_status cn_arena_open(struct cn_arena *arena, uint64_t bytes, struct cn_error *error)
{
    *arena = (struct cn_arena){0};
    if (!bytes)
        return CN_OK;
    void *at = MAP_FAILED;
    size_t mapped = 0;
    if (__builtin_add_overflow(bytes, (uint64_t)HUGE_PAGE, &mapped))
        errno = ENOMEM;
    else
        at = mmap(NULL, mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
                  -1, 0);
    if (at == MAP_FAILED) {
        char size[24];
        return cn_fail(error, CN_BAD_MACHINE,
                       "the machine refuses %s of memory (%s); allow more (ulimit -v), lower "
                       "engine.memory, or ask "
                       "for fewer regions",
                       cn_format_bytes(bytes, size), strerror(errno));
    }
    uintptr_t aligned = ((uintptr_t)at + HUGE_PAGE - 1) / HUGE_PAGE * HUGE_PAGE;
    arena->base = (unsigned char *)at + (aligned - (uintptr_t)at);
    arena->bytes = bytes;
    /* Unmap what lies in front of the aligned start. */
    size_t front = aligned - (uintptr_t)at;
    if (front)
        munmap(at, front);
    arena->mapped = mapped - front;
    /* Worker processes do not use it, and copying its page table would take them a second. */
    madvise(arena->base, arena->mapped, MADV_DONTFORK);
    return CN_OK;
}

void cn_arena_close(struct cn_arena *arena)
{
    if (arena->base)
        munmap(arena->base, arena->mapped);
    *arena = (struct cn_arena){0};
}

void cn_arena_populate(void *at, size_t bytes)
{
#ifdef MADV_POPULATE_WRITE /* Linux 5.14 */
    const uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE), first = (uintptr_t)at / page * page;
    madvise((void *)first, (uintptr_t)at + bytes - first, MADV_POPULATE_WRITE);
#else
    (void)at;
    (void)bytes;
#endif
}
