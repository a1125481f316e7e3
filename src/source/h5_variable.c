/*
 * Opening a variable with HDF5, and what HDF5 alone knows of it.
 */
#include "source/h5_variable.h"

#include "source/file_index.h"

#include <errno.h>
#include <math.h>

struct cn_h5_variable cn_h5_variable_open(const struct cn_file *file, const char *path)
{
    struct cn_h5_variable variable = {.id = -1};
    errno = 0;
    variable.file = H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT);
    if (variable.file >= 0)
        variable.id = H5Dopen2(variable.file, file->variable, H5P_DEFAULT);
    return variable;
}

void cn_h5_variable_close(const struct cn_h5_variable *variable)
{
    if (variable->id >= 0)
        H5Dclose(variable->id);
    if (variable->file >= 0)
        H5Fclose(variable->file);
}

bool cn_h5_variable_fill(const struct cn_h5_variable *variable, struct cn_reader *reader)
{
    unsigned char raw[8] = {0};
    double number = NAN;
    hid_t properties = H5Dget_create_plist(variable->id), type = H5Dget_type(variable->id);
    hid_t native = type < 0 ? -1 : H5Tget_native_type(type, H5T_DIR_ASCEND);
    bool found = properties >= 0 && native >= 0;
    if (properties >= 0 && native >= 0 &&
        H5Tget_size(native) == reader->file->storage.value_bytes &&
        H5Pget_fill_value(properties, native, raw) >= 0)
        reader->kernels->unpack_f64(&number, raw, 1, &reader->unpacking);
    if (native >= 0)
        H5Tclose(native);
    if (type >= 0)
        H5Tclose(type);
    if (properties >= 0)
        H5Pclose(properties);
    reader->kernels->narrow_f32(&reader->index->fill, &number, 1, &cn_all_floats);
    return found;
}
