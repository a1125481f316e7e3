/*
 * A mutex of our own: netCDF-C has none, and HDF5 has one only if it was built so.
 */
#include "guard/hdf5_lock.h"

#include "guard/crash.h"

#include <errno.h>
#include <hdf5.h>
#include <netcdf.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static bool is_initialized;          /* guarded by the mutex */
static atomic_bool is_usable = true; /* false for good once memory ran out */

/* False: out of memory. */
static bool initialize_libraries(void)
{
    /* A child that is forked while another thread is inside HDF5 would find it half changed. */
    if (pthread_atfork(cn_hdf5_lock, cn_hdf5_unlock, cn_hdf5_unlock))
        return false;
    H5dont_atexit(); /* the first call: HDF5 1.10 crashes at exit after a flush that failed */
    if (H5Eset_auto2(H5E_DEFAULT, NULL, NULL) < 0 ||
        H5Lunregister(H5L_TYPE_EXTERNAL) < 0 ||     /* no file may open another one */
        H5Pget_driver(H5P_FILE_ACCESS_DEFAULT) < 0) /* else no file can be opened */
        return false;
    /* It looks for settings in the home folder and leaves an errno if it finds none. Here that does
     * no harm; else it would happen while the first file is opened. It cannot be called again. */
    const bool is_done = nc_initialize() == NC_NOERR;
    errno = 0;
    return is_done;
}

void cn_hdf5_lock(void)
{
    pthread_mutex_lock(&mutex);
    cn_library_enter();
    if (!is_initialized)
        atomic_store(&is_usable, initialize_libraries());
    is_initialized = true;
    if (H5Eset_auto2(H5E_DEFAULT, NULL, NULL) < 0) /* each thread has its own setting */
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
