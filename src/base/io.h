/*
 * Reading at a place, and writing to a stream: all of it.
 */
#ifndef CLIMNORM_BASE_IO_H
#define CLIMNORM_BASE_IO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* pread that goes on after a signal and after a part. Returns how many bytes are there up to the
 * end of the file; -1: errno. */
ssize_t cn_pread_full(int file, void *bytes, size_t size, uint64_t address);

/* One write for all, unless the system takes less at once; waits for as long as it takes. False:
 * errno. A cancellation point. */
bool cn_write_full(int file, const void *bytes, size_t size);

#endif
