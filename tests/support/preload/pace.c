/*
 * Preloaded, it lets a run go on step by step: chunk n is inflated when the file named by
 * CLIMNORM_TEST_PACE holds n bytes, or is gone. So a test sees any moment of a run, for as long as
 * it likes, on a machine of any speed. CLIMNORM_INFLATE has to be libdeflate.
 */
#include <dlfcn.h>
#include <libdeflate.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static atomic_long inflated;

enum libdeflate_result libdeflate_zlib_decompress(struct libdeflate_decompressor *decompressor,
                                                  const void *in, size_t in_bytes, void *out,
                                                  size_t out_bytes, size_t *actual)
{
    __typeof__(&libdeflate_zlib_decompress) original;
    *(void **)&original = dlsym(RTLD_NEXT, "libdeflate_zlib_decompress");
    const char *pace = getenv("CLIMNORM_TEST_PACE");
    struct stat allowed;
    long number = atomic_fetch_add(&inflated, 1);
    while (pace && stat(pace, &allowed) == 0 && allowed.st_size <= number)
        usleep(5000);
    return original(decompressor, in, in_bytes, out, out_bytes, actual);
}
