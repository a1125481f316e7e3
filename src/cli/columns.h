/*
 * Paragraphs and tables, in as many columns as the terminal has, and 80 elsewhere. Lines wrap
 * between words. Texts are made printable.
 */
#ifndef CLIMNORM_CLI_COLUMNS_H
#define CLIMNORM_CLI_COLUMNS_H

#include "base/pool.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum { CN_LABEL_COLUMNS = 10, CN_TABLE_COLUMNS = 8 };

/* Prints words, which spaces or line ends part, and ends the line. They begin in `column`, where
 * the line is already; what does not fit goes on in lines that begin at `indent`. */
void cn_write_words(FILE *out, const char *text, size_t column, size_t indent);

/* Prints a line that begins with the label; what does not fit goes on below the text. */
void cn_print_labelled(const char *label, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Prints a paragraph whose later lines are indented by `indent` columns. */
void cn_print_paragraph(size_t indent, const char *text);

/* A table. Zero-initialise, set pool. All but the first and the last column are numbers, and stand
 * at the right; the last one wraps. */
struct cn_table {
    struct cn_pool *pool;
    size_t columns; /* of the head */
    const char *(*rows)[CN_TABLE_COLUMNS];
    size_t row_count, capacity;
    bool failed; /* out of memory: it is not complete */
};

/* Adds a row; the first one is the head. cells[columns]: NULL is an empty cell. A column whose
 * cells are all empty, below the head, is not printed. Owns: the texts must last. */
void cn_table_add(struct cn_table *table, const char *const *cells);

/* Returns: the number as a cell of a table; NULL for 0, or out of memory. Owns: the pool. */
const char *cn_number_cell(struct cn_pool *pool, size_t number);

void cn_table_print(const struct cn_table *table);

#endif
