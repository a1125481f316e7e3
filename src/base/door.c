/*
 * The lock around netCDF-C and HDF5. HDF5 has one of its own, but netCDF-C has none.
 */
#include "base/door.h"
#include "base/guest.h"

#include <hdf5.h>
#include <pthread.h>
#include <stdbool.h>

static pthread_mutex_t door = PTHREAD_MUTEX_INITIALIZER;
static bool entered, works = true; /* behind it */

void cn_door_enter(void)
{
    pthread_mutex_lock(&door);
    cn_guest_enter();
    if (!entered) /* before any other call: HDF5 1.10 crashes at exit over a file whose last flush
                     failed */
        H5dont_atexit();
    if (H5Eset_auto2(H5E_DEFAULT, NULL, NULL) < 0) /* a setting of each thread */
        works = false;
    if (!entered && H5Lunregister(H5L_TYPE_EXTERNAL) < 0) /* no file makes this process open another
                                                             by a link */
        works = false;
    if (!entered && H5Pget_driver(H5P_FILE_ACCESS_DEFAULT) < 0) /* no file could be opened */
        works = false;
    entered = true;
}

bool cn_door_works(void)
{
    return works;
}

void cn_door_leave(void)
{
    cn_guest_leave();
    pthread_mutex_unlock(&door);
}
