/*
 * The HDF5 door: netCDF-C and HDF5 calls go one at a time. Whoever calls them holds the door, keeps
 * it short, and neither creates nor waits for a task while holding it.
 */
#ifndef CLIMNORM_BASE_DOOR_H
#define CLIMNORM_BASE_DOOR_H

#include <stdbool.h>

/* Also keeps HDF5 from printing its error stack in this thread, and from following links into other
 * files, in all of the process. */
void cn_door_enter(void);
void cn_door_leave(void);

/* False: they could not begin, in some thread, for want of memory; what they said since then of a
 * file is worth nothing. */
bool cn_door_works(void);

#endif
