/*
 * The lock around netCDF-C and HDF5. HDF5 has one of its own, but netCDF-C has none.
 */
#include "base/door.h"

#include <hdf5.h>
#include <pthread.h>
#include <stdbool.h>

static pthread_mutex_t door = PTHREAD_MUTEX_INITIALIZER;

void cn_door_enter(void)
{
    static bool entered;
    pthread_mutex_lock(&door);
    if (!entered) /* HDF5 1.10 crashes at exit over a file whose last flush failed: disk full */
        H5dont_atexit();
    entered = true;
    H5Eset_auto2(H5E_DEFAULT, NULL, NULL); /* a setting of each thread */
}

void cn_door_leave(void)
{
    pthread_mutex_unlock(&door);
}
