/*
 * Chooses the kernels for this CPU: the last in the list that it can run, or those that
 * CLIMNORM_ISA names. Only this file and src/codec/inflate/choose.c ask the CPU what it can do.
 */
#include "base/error.h"
#include "kernels.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

extern const struct cn_kernels cn_kernels_portable, cn_kernels_avx2, cn_kernels_avx512,
    cn_kernels_neon;

static bool always(void)
{
    return true;
}

#if defined(__x86_64__)
static bool has_avx2(void)
{
    return __builtin_cpu_supports("avx2");
}

static bool has_avx512(void)
{
    return __builtin_cpu_supports("avx512f");
}
#endif

/* From slow to fast. kernels.cmake builds the same files under the same conditions. */
static const struct {
    const struct cn_kernels *kernels;
    bool (*supported)(void);
} built[] = {
    {&cn_kernels_portable, always},
#if defined(__x86_64__)
    {&cn_kernels_avx2, has_avx2},
    {&cn_kernels_avx512, has_avx512},
#elif defined(__aarch64__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    {&cn_kernels_neon, always},
#endif
};

enum { BUILT = sizeof built / sizeof *built };

static const struct cn_kernels *available[BUILT + 1];

static void find_available(void)
{
    for (size_t i = 0, count = 0; i < BUILT; i++)
        if (built[i].supported())
            available[count++] = built[i].kernels;
}

const struct cn_kernels *const *cn_kernels_available(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, find_available);
    return available;
}

enum cn_status cn_kernels_select(const struct cn_kernels **kernels, struct cn_error *error)
{
    const char *name = getenv("CLIMNORM_ISA");
    char names[128] = "";
    const struct cn_kernels *const *each = cn_kernels_available();
    for (; *each; each++) {
        *kernels = *each;
        if (name && *name && !strcmp(name, (*each)->isa))
            return CN_OK;
        const size_t used = strlen(names);
        snprintf(names + used, sizeof names - used, "%s%s", used ? ", " : "", (*each)->isa);
    }
    if (!name || !*name)
        return CN_OK;
    return cn_fail(error, CN_BAD_USAGE,
                   "CLIMNORM_ISA is \"%s\", but this program on this CPU has %s; name one of them, "
                   "or unset CLIMNORM_ISA to use the fastest",
                   name, names);
}
