/*
 * Wraps lines between words and aligns cells.
 */
#include "cli/columns.h"

#include "cli/print_text.h"
#include "progress/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { USUAL_COLUMNS = 80, LEAST_COLUMNS = 20, GAP = 2 };

static size_t columns_of(FILE *out)
{
    struct winsize size = {0};
    if (!isatty(fileno(out)) || ioctl(fileno(out), TIOCGWINSZ, &size) || !size.ws_col)
        return USUAL_COLUMNS;
    return size.ws_col > LEAST_COLUMNS ? size.ws_col : LEAST_COLUMNS;
}

static size_t width_of(const char *text)
{
    return cn_text_columns(text, cn_locale_is_utf8());
}

void cn_write_words(FILE *out, const char *text, size_t column, size_t indent)
{
    const size_t columns = columns_of(out);
    char word[1024];
    bool is_first = true;
    while (*text) {
        const size_t spaces = strspn(text, " \n"), length = strcspn(text + spaces, " \n");
        const size_t gap = text[0] == '\n' ? 1 : spaces; /* two spaces stay two */
        snprintf(word, sizeof word, "%.*s", (int)(length < sizeof word ? length : sizeof word - 1),
                 text + spaces);
        const size_t width = width_of(word);
        if (!is_first && column + gap + width > columns) {
            fprintf(out, "\n%*s", (int)indent, "");
            column = indent;
        } else {
            fprintf(out, "%*s", (int)gap, "");
            column += gap;
        }
        cn_write_text(out, word);
        column += width;
        text += spaces + (length < sizeof word ? length : sizeof word - 1);
        is_first = false;
    }
    putc('\n', out);
}

void cn_print_paragraph(size_t indent, const char *text)
{
    cn_write_words(stdout, text, 0, indent);
}

void cn_print_labelled(const char *label, const char *format, ...)
{
    char *text;
    va_list args;
    va_start(args, format);
    const int length = vasprintf(&text, format, args);
    va_end(args);
    if (length < 0)
        return;
    printf("%-*s", CN_LABEL_COLUMNS, label);
    cn_write_words(stdout, text, CN_LABEL_COLUMNS, CN_LABEL_COLUMNS);
    free(text);
}

void cn_table_add(struct cn_table *table, const char *const *cells)
{
    const char *(*rows)[CN_TABLE_COLUMNS] = cn_pool_grow(table->pool, table->rows, table->row_count,
                                                         &table->capacity, sizeof *table->rows);
    table->failed |= !rows;
    if (!rows)
        return;
    table->rows = rows;
    for (size_t c = 0; c < table->columns; c++)
        rows[table->row_count][c] = cells[c] ? cells[c] : "";
    table->row_count++;
}

/* The columns that a column of the table takes; 0: it has no cell below the head. */
static size_t column_width(const struct cn_table *table, size_t column)
{
    size_t width = 0, cells = 0;
    for (size_t r = 0; r < table->row_count; r++) {
        const size_t cell = width_of(table->rows[r][column]);
        width = cell > width ? cell : width;
        cells += r > 0 && cell > 0;
    }
    return cells ? width : 0;
}

void cn_table_print(const struct cn_table *table)
{
    size_t widths[CN_TABLE_COLUMNS] = {0}, last = table->columns - 1;
    for (size_t c = 0; c < table->columns; c++)
        widths[c] = column_width(table, c);
    for (size_t r = 0; r < table->row_count; r++) {
        const char *const *cells = table->rows[r];
        cn_print_text(cells[0]);
        size_t column = width_of(cells[0]), end = widths[0];
        for (size_t c = 1; c < last; c++) {
            if (!widths[c])
                continue;
            end += GAP + widths[c];
            const size_t width = width_of(cells[c]);
            printf("%*s", (int)(end - width - column), "");
            cn_print_text(cells[c]);
            column = end;
        }
        if (!widths[last] || !cells[last][0]) {
            putchar('\n');
            continue;
        }
        printf("%*s", (int)(end + GAP - column), "");
        cn_write_words(stdout, cells[last], end + GAP, end + GAP);
    }
}

const char *cn_number_cell(struct cn_pool *pool, size_t number)
{
    return number ? cn_pool_printf(pool, "%zu", number) : NULL;
}
