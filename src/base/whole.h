/*
 * Reading at a place, all of it.
 */
#ifndef CLIMNORM_BASE_WHOLE_H
#define CLIMNORM_BASE_WHOLE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* pread that goes on after a signal and after a part. Returns how many bytes are there up to the
 * end of the file; -1: errno. */
ssize_t cn_pread_whole(int file, void *bytes, size_t size, uint64_t address);

#endif
