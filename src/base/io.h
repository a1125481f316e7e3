/*
 * Reading and writing that continue after signals and partial results.
 */
#ifndef CLIMNORM_BASE_IO_H
#define CLIMNORM_BASE_IO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/uio.h>

/* Reads up to `size` bytes at `address`; fewer only if the file ends.
 * Returns: the number of bytes read; -1 on failure. Errors: errno. */
ssize_t cn_pread_full(int file, void *bytes, size_t size, uint64_t address);

/* Writes all bytes of vectors[count], one after another from `address` on. Changes the vectors.
 * Returns: false on failure. Errors: errno. */
bool cn_pwritev_full(int file, struct iovec *vectors, size_t count, uint64_t address);

enum { CN_DESCRIPTOR_PATH_BYTES = 32 };

/* A path that leads to the open file, whatever becomes of the path that it was opened by: a library
 * that takes only paths gets the file that was checked, and never waits at a FIFO in its place.
 * Returns: text; without /proc, `path`. */
const char *cn_descriptor_path(int descriptor, const char *path,
                               char text[CN_DESCRIPTOR_PATH_BYTES]);

/* Writes all bytes, in one system call if possible. Waits as long as a slow reader needs. It is a
 * cancellation point.
 * Returns: false on failure. Errors: errno. */
bool cn_write_full(int file, const void *bytes, size_t size);

#endif
