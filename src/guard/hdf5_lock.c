/*
 * The lock around netCDF-C and HDF5. HDF5 has one of its own, but netCDF-C has none.
 */
#include "guard/hdf5_lock.h"
#include "guard/library.h"

#include <errno.h>
#include <hdf5.h>
#include <netcdf.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static bool is_initialized;          /* behind it */
static atomic_bool is_usable = true; /* a library that lacked memory once stays half made */

/* A process that is forked while another thread is inside HDF5 would find it half changed. */
static void lock_before_fork(void)
{
    pthread_mutex_lock(&mutex);
}

static void unlock_after_fork(void)
{
    pthread_mutex_unlock(&mutex);
}

/* Once. False: the libraries have no memory for it. */
static bool initialize(void)
{
    if (pthread_atfork(lock_before_fork, unlock_after_fork, unlock_after_fork))
        return false;
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

void cn_hdf5_lock(void)
{
    pthread_mutex_lock(&mutex);
    cn_library_enter();
    if (!is_initialized)
        atomic_store(&is_usable, initialize());
    is_initialized = true;
    if (H5Eset_auto2(H5E_DEFAULT, NULL, NULL) < 0) /* a setting of each thread */
        atomic_store(&is_usable, false);
}

bool cn_hdf5_is_usable(void)
{
    return atomic_load(&is_usable);
}

void cn_hdf5_unlock(void)
{
    cn_library_leave();
    pthread_mutex_unlock(&mutex);
}
