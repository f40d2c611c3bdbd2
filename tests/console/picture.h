/* picture.h - terminal cells to a grey picture to zbar: what a phone would read. */
#ifndef AZL_TESTS_PICTURE_H
#define AZL_TESTS_PICTURE_H

#include <stdint.h>

struct picture {
    int rows, cols; /* of cells */
    unsigned char *pixels;
};
#define CELL_W 8
#define CELL_H 16
void picture_init(struct picture *p, int rows, int cols);
void picture_free(struct picture *p);
/* A glyph (blank, U+2580, U+2584, U+2588; others as a grey blot) in light on dark; reverse: dark on
 * light. gap: rows of background below each cell. */
void picture_cell(struct picture *p, int row, int col, uint32_t glyph, int reverse, int gap);
/* The first QR symbol's text, or "". */
const char *picture_read(const struct picture *p);

#endif
