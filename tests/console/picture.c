#include "config.h"

#include "console/picture.h"

#include <stdlib.h>
#include <string.h>
#include <zbar.h>

#include "base/str.h"

void picture_init(struct picture *p, int rows, int cols)
{
    p->rows = rows;
    p->cols = cols;
    p->pixels = xcalloc((size_t)(rows * CELL_H) * (size_t)(cols * CELL_W), 1);
}

void picture_free(struct picture *p)
{
    free(p->pixels);
}

void picture_cell(struct picture *p, int row, int col, uint32_t glyph, int reverse, int gap)
{
    for (int y = 0; y < CELL_H; y++) {
        int ink = y < CELL_H - gap && (glyph == 0x2588 || (glyph == 0x2580 && y < CELL_H / 2) ||
                                       (glyph == 0x2584 && y >= CELL_H / 2));
        int value = ink ? 255 : 0;

        if (glyph != ' ' && glyph != 0x2588 && glyph != 0x2580 && glyph != 0x2584)
            value = 128;
        if (reverse)
            value = 255 - value;
        memset(p->pixels + (row * CELL_H + y) * p->cols * CELL_W + col * CELL_W, value, CELL_W);
    }
}

const char *picture_read(const struct picture *p)
{
    static char text[512];
    zbar_image_scanner_t *scanner = zbar_image_scanner_create();
    zbar_image_t *image = zbar_image_create();
    const zbar_symbol_t *symbol;

    text[0] = '\0';
    zbar_image_scanner_set_config(scanner, ZBAR_NONE, ZBAR_CFG_ENABLE, 0);
    zbar_image_scanner_set_config(scanner, ZBAR_QRCODE, ZBAR_CFG_ENABLE, 1);
    zbar_image_set_format(image, zbar_fourcc('Y', '8', '0', '0'));
    zbar_image_set_size(image, (unsigned)(p->cols * CELL_W), (unsigned)(p->rows * CELL_H));
    zbar_image_set_data(image, p->pixels,
                        (unsigned long)(p->rows * CELL_H) * (unsigned long)(p->cols * CELL_W),
                        NULL);
    zbar_scan_image(scanner, image);
    symbol = zbar_image_first_symbol(image);
    if (symbol)
        STR_SET(text, zbar_symbol_get_data(symbol));
    zbar_image_destroy(image);
    zbar_image_scanner_destroy(scanner);
    return text;
}
