/*
 * A table of signatures, then a look at texts. A download often gives another file than was meant:
 * an archive, another format, the page of a server. Each is told with its own cure.
 */
#include "catalog/file_kind.h"

#include "base/ascii.h"

#include <stdbool.h>
#include <string.h>

struct signature {
    size_t offset, length;
    const char *bytes;
    const char *kind; /* what it is, and what to do */
};

#define AT(offset, bytes, kind)                      \
    {                                                \
        (offset), sizeof(bytes) - 1, (bytes), (kind) \
    }
#define UNPACK(what, how) what ", not a netCDF file; unpack it, for example with " how
#define WEB_PAGE \
    "a web page (HTML), perhaps a login page or an error; log in, then download the data again"
#define CONVERT(what, how) what ", not a netCDF file; convert it, for example with " how

static const struct signature signatures[] = {
    AT(0, "PK\3\4", UNPACK("a zip archive", "unzip")),
    AT(0, "PK\5\6", "an empty zip archive, not a netCDF file; download the data again"),
    AT(0, "\x1f\x8b", UNPACK("compressed with gzip", "zcat FILE > NEW.nc")),
    AT(0, "\x1f\x9d", UNPACK("compressed with compress", "zcat FILE > NEW.nc")),
    AT(0, "BZh", UNPACK("compressed with bzip2", "bzcat FILE > NEW.nc")),
    AT(0, "\xfd\x37zXZ\0", UNPACK("compressed with xz", "xzcat FILE > NEW.nc")),
    AT(0, "\x28\xb5\x2f\xfd", UNPACK("compressed with zstd", "zstdcat FILE > NEW.nc")),
    AT(0, "\x04\x22\x4d\x18", UNPACK("compressed with lz4", "lz4cat FILE > NEW.nc")),
    AT(0, "7z\xbc\xaf\x27\x1c", UNPACK("a 7z archive", "7z x")),
    AT(0, "Rar!\x1a\7", UNPACK("a RAR archive", "unrar x")),
    AT(0, "\xff\xfe<\0", WEB_PAGE), /* of UTF-16 */
    AT(0, "\xfe\xff\0<", WEB_PAGE),
    AT(0, "GRIB", CONVERT("GRIB data", "cdo -f nc copy")),
    AT(0, "BUFR", "BUFR messages, not a netCDF file; choose gridded data"),
    AT(0, "II*\0", CONVERT("a TIFF image (GeoTIFF)", "gdal_translate -of netCDF")),
    AT(0, "MM\0*", CONVERT("a TIFF image (GeoTIFF)", "gdal_translate -of netCDF")),
    AT(0, "II+\0", CONVERT("a BigTIFF image (GeoTIFF)", "gdal_translate -of netCDF")),
    AT(0, "MM\0+", CONVERT("a BigTIFF image (GeoTIFF)", "gdal_translate -of netCDF")),
    AT(0, "\x0e\x03\x13\x01", CONVERT("HDF4 data", "an nccopy that was built with HDF4")),
    AT(0, "\xcd\xf3\0\x01", "NASA CDF data, not a netCDF file; choose the netCDF edition"),
    AT(0, "\x93NUMPY", CONVERT("a NumPy array", "xarray")),
    AT(0, "PAR1", "a Parquet table, not a netCDF file; choose gridded data"),
    AT(0, "%PDF", "a PDF document, not a netCDF file; download the data themselves"),
    AT(0, "\x89PNG", "a PNG picture, not a netCDF file; download the data themselves"),
    AT(0, "\xff\xd8\xff", "a JPEG picture, not a netCDF file; download the data themselves"),
    AT(0, "GIF8", "a GIF picture, not a netCDF file; download the data themselves"),
    AT(0, "\x89HDF",
       "an HDF5 file that is cut off, or was transferred as text; download it again, in binary "
       "mode"),
    AT(0, "CDF", "netCDF-3 of an unknown version, or damaged; download it again"),
};

/* Texts by how they begin, without regard to case; the first that fits counts. */
static const struct signature texts[] = {
    AT(0, "version https://git-lfs", "a Git LFS pointer, not the data; get them with git lfs pull"),
    AT(0, "/annex/objects/", "a git-annex pointer, not the data; get them with git annex get"),
    AT(0, ".git/annex/objects/", "a git-annex pointer, not the data; get them with git annex get"),
    AT(0, "<!doctype html", WEB_PAGE),
    AT(0, "<!--", WEB_PAGE),
    AT(0, "<html", WEB_PAGE),
    AT(0, "<head", WEB_PAGE),
    AT(0, "<title", WEB_PAGE),
    AT(0, "<meta", WEB_PAGE),
    AT(0, "<body", WEB_PAGE),
    AT(0, "<script", WEB_PAGE),
    AT(0, "<?xml",
       "an XML text, perhaps a server's error or a catalog; read it, then download the data"),
    AT(0, "<error",
       "an XML text, perhaps a server's error or a catalog; read it, then download the data"),
    AT(0, "netcdf ", CONVERT("CDL, the text form of netCDF", "ncgen -o NEW.nc")),
    AT(0, "error {", "an OPeNDAP error, not the data; read it, then download the data again"),
    AT(0, "dataset {", "an OPeNDAP description, not the data; download the data"),
};

static bool is_at(const struct signature *signature, const unsigned char *bytes, size_t count)
{
    return count >= signature->offset + signature->length &&
           memcmp(bytes + signature->offset, signature->bytes, signature->length) == 0;
}

bool cn_is_tar(const unsigned char *bytes, size_t count)
{
    enum { HEADER = 512, SUM_AT = 148, SUM_BYTES = 8 };
    unsigned sum = 0, stored = 0;
    if (count < HEADER)
        return false;
    for (size_t i = 0; i < HEADER; i++)
        sum += i >= SUM_AT && i < SUM_AT + SUM_BYTES ? ' ' : bytes[i];
    size_t at = SUM_AT;
    while (at < SUM_AT + SUM_BYTES && bytes[at] == ' ')
        at++;
    for (; at < SUM_AT + SUM_BYTES && bytes[at] >= '0' && bytes[at] <= '7'; at++)
        stored = stored * 8 + (bytes[at] - '0');
    return sum == stored;
}

/* How many of the first bytes are 0. */
static size_t count_zeros(const unsigned char *bytes, size_t count)
{
    size_t zeros = 0;
    while (zeros < count && !bytes[zeros])
        zeros++;
    return zeros;
}

/* Whether no byte is a control character: text of any encoding that extends ASCII. */
static bool is_text(const unsigned char *bytes, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (bytes[i] == 0x7f || (bytes[i] < ' ' && !cn_is_space((char)bytes[i])))
            return false;
    return count > 0;
}

static const char *text_kind(const char *text)
{
    if (strncmp(text, "\xef\xbb\xbf", 3) == 0) /* a byte order mark */
        text += 3;
    while (cn_is_space(*text))
        text++;
    while (strncmp(text, "../", 3) == 0) /* of a link that became a file */
        text += 3;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (cn_begins_with(text, texts[i].bytes))
            return texts[i].kind;
    if (*text != '{' && *text != '[')
        return "a text, such as CSV or a server's message, not a netCDF file; read it, then "
               "download gridded data";
    if (strstr(text, "\"zarr_format\"") || strstr(text, "\"zarr_consolidated_format\""))
        return CONVERT("metadata of a Zarr store", "open_zarr and to_netcdf of xarray");
    return "a JSON text, perhaps a server's error or a list of references; read it, then download "
           "the data";
}

const char *cn_file_kind(const unsigned char *bytes, size_t count)
{
    char text[CN_KIND_BYTES + 1];
    const size_t size = count < CN_KIND_BYTES ? count : CN_KIND_BYTES;
    if (cn_is_tar(bytes, size))
        return UNPACK("a tar archive", "tar -xf");
    for (size_t i = 0; i < sizeof signatures / sizeof *signatures; i++)
        if (is_at(&signatures[i], bytes, size))
            return signatures[i].kind;
    if (count_zeros(bytes, size) == size)
        return "it begins with zeros, as a transfer that was interrupted leaves it; download it "
               "again";
    static const struct signature dods =
        AT(0, "Dataset {", "an OPeNDAP answer (DODS), not a netCDF file; download netCDF instead");
    if (!is_text(bytes, size) && is_at(&dods, bytes, size))
        return dods.kind;
    if (!is_text(bytes, size))
        return "neither netCDF-3 nor netCDF-4/HDF5: no netCDF file, or a damaged one";
    memcpy(text, bytes, size);
    text[size] = '\0';
    return text_kind(text);
}
