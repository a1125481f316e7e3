/*
 * Cairo's surfaces that write to a stream. Knows nothing of what is drawn.
 */
#include "pictures/surface.h"

#include "base/ascii.h"
#include "base/error.h"
#include "base/format.h"
#include "base/publish.h"
#include "guard/fault.h"

#include <cairo-pdf.h>
#include <cairo-svg.h>
#include <string.h>

static const double VECTOR_DETAIL = 2; /* so that cells have sharp edges when enlarged a little */

bool cn_picture_format_of(const char *path, enum cn_picture_format *format)
{
    static const char *const endings[] = {[CN_PNG] = ".png", [CN_SVG] = ".svg", [CN_PDF] = ".pdf"};
    const size_t length = strlen(path);
    for (size_t k = 0; k < sizeof endings / sizeof *endings; k++)
        if (length > strlen(endings[k]) &&
            cn_equal_ascii(path + length - strlen(endings[k]), endings[k])) {
            *format = (enum cn_picture_format)k;
            return true;
        }
    return false;
}

static cairo_status_t add_picture_bytes(void *closure, const unsigned char *data,
                                        unsigned int length)
{
    struct cn_strbuf *bytes = closure;
    cn_strbuf_append(bytes, (const char *)data, length);
    return bytes->failed ? CAIRO_STATUS_NO_MEMORY : CAIRO_STATUS_SUCCESS;
}

static cairo_surface_t *create_surface(const struct cn_picture *picture,
                                       enum cn_picture_format format, struct cn_strbuf *bytes)
{
    char date[CN_DATE_BYTES];
    cairo_surface_t *surface;
    switch (format) {
    case CN_SVG:
        surface = cairo_svg_surface_create_for_stream(add_picture_bytes, bytes, picture->width,
                                                      picture->height);
        cairo_svg_surface_set_document_unit(surface, CAIRO_SVG_UNIT_PX);
        return surface;
    case CN_PDF:
        surface = cairo_pdf_surface_create_for_stream(add_picture_bytes, bytes, picture->width,
                                                      picture->height);
        cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_CREATE_DATE,
                                       cn_creation_date(date));
        if (picture->title)
            cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_TITLE, picture->title);
        return surface;
    default:
        return cairo_image_surface_create(picture->is_transparent ? CAIRO_FORMAT_ARGB32
                                                                  : CAIRO_FORMAT_RGB24,
                                          (int)picture->width, (int)picture->height);
    }
}

enum cn_status cn_picture_render(const struct cn_picture *picture, enum cn_picture_format format,
                                 struct cn_strbuf *bytes, struct cn_error *error)
{
    cairo_surface_t *surface = create_surface(picture, format, bytes);
    cairo_t *cairo = cairo_create(surface);
    if (!picture->is_transparent) {
        cairo_set_source_rgb(cairo, 1, 1, 1);
        cairo_paint(cairo);
    }
    picture->draw(picture->context, cairo, picture->width, picture->height,
                  format == CN_PNG ? 1 : VECTOR_DETAIL);
    cairo_show_page(cairo);
    cairo_status_t status = cairo_status(cairo);
    cairo_destroy(cairo);
    if (!status && format == CN_PNG)
        status = cairo_surface_write_to_png_stream(surface, add_picture_bytes, bytes);
    cairo_surface_finish(surface);
    if (!status)
        status = cairo_surface_status(surface);
    cairo_surface_destroy(surface);
    if (status == CAIRO_STATUS_NO_MEMORY || bytes->failed)
        return cn_fail_memory(error, "a picture");
    return status ? cn_fail(error, CN_BAD_MACHINE, "the picture cannot be drawn: %s",
                            cairo_status_to_string(status))
                  : CN_OK;
}

enum cn_status cn_picture_write(const struct cn_picture *picture, const char *path,
                                struct cn_error *error)
{
    struct cn_strbuf bytes = {0};
    enum cn_picture_format format;
    if (!cn_picture_format_of(path, &format))
        return cn_fail(error, CN_BAD_USAGE, "%s: expected a name that ends in .png, .svg or .pdf",
                       path);
    enum cn_status status = cn_picture_render(picture, format, &bytes, error);
    const int failed = status ? 0 : cn_publish_bytes(path, bytes.text, bytes.length);
    cn_strbuf_free(&bytes);
    return failed ? cn_fail(error, CN_BAD_MACHINE, "%s: cannot be written: %s; %s", path,
                            strerror(failed), cn_errno_advice(failed))
                  : status;
}
