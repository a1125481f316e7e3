/*
 * The lock around netCDF-C and HDF5. HDF5 has one of its own, but netCDF-C has none.
 */
#include "base/door.h"
#include "base/guest.h"

#include <errno.h>
#include <hdf5.h>
#include <netcdf.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

static pthread_mutex_t door = PTHREAD_MUTEX_INITIALIZER;
static bool entered;             /* behind it */
static atomic_bool works = true; /* a library that lacked memory once stays half made */

/* Once. False: the libraries have no memory for it. */
static bool begin(void)
{
    H5dont_atexit(); /* before any other call: HDF5 1.10 crashes at exit over a file whose last
                        flush failed */
    if (H5Eset_auto2(H5E_DEFAULT, NULL, NULL) < 0 ||
        H5Lunregister(H5L_TYPE_EXTERNAL) < 0 || /* no file makes this process open another by one */
        H5Pget_driver(H5P_FILE_ACCESS_DEFAULT) < 0) /* no file could be opened */
        return false;
    /* It looks for settings in the home folder, and leaves an errno that speaks of these: not when
     * the first file is opened. */
    const int before = errno;
    const bool well = nc_initialize() == NC_NOERR; /* it does not try twice */
    errno = before;
    return well;
}

void cn_door_enter(void)
{
    pthread_mutex_lock(&door);
    cn_guest_enter();
    if (!entered)
        atomic_store(&works, begin());
    entered = true;
    if (H5Eset_auto2(H5E_DEFAULT, NULL, NULL) < 0) /* a setting of each thread */
        atomic_store(&works, false);
}

bool cn_door_works(void)
{
    return atomic_load(&works);
}

void cn_door_leave(void)
{
    cn_guest_leave();
    pthread_mutex_unlock(&door);
}
