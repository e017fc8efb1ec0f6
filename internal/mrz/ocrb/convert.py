#!/usr/bin/env python3
"""Converts the OCR-B font of Debian's fonts-ocr-b from CFF to TrueType outlines.

golang.org/x/image/font/sfnt does not know the CFF flex operators that the
glyphs '8' and '<' use and draws nothing for them, so the outlines are turned
into quadratic curves once and the result is committed.

usage: convert.py OCRB.otf ocrb.ttf      (needs fontTools)
"""
import sys

from fontTools.fontBuilder import FontBuilder
from fontTools.pens.cu2quPen import Cu2QuPen
from fontTools.pens.ttGlyphPen import TTGlyphPen
from fontTools.ttLib import TTFont

MAX_ERROR = 0.5  # font units of 1/1000 em


def main(source, target):
    font = TTFont(source)
    cmap = {c: g for c, g in font.getBestCmap().items() if 0x20 <= c < 0x7F}
    glyph_set = font.getGlyphSet()
    order = [".notdef"] + sorted(set(cmap.values()) - {".notdef"})
    glyphs, metrics = {}, {}
    for name in order:
        pen = TTGlyphPen(None)
        glyph_set[name].draw(Cu2QuPen(pen, MAX_ERROR, reverse_direction=True))
        glyphs[name] = pen.glyph()
        metrics[name] = font["hmtx"][name]

    builder = FontBuilder(font["head"].unitsPerEm, isTTF=True)
    builder.setupGlyphOrder(order)
    builder.setupCharacterMap(cmap)
    builder.setupGlyf(glyphs)
    builder.setupHorizontalMetrics(
        {n: (w, glyphs[n].xMin if glyphs[n].numberOfContours else 0) for n, (w, _) in metrics.items()}
    )
    builder.setupHorizontalHeader(ascent=font["hhea"].ascent, descent=font["hhea"].descent)
    builder.setupNameTable({"familyName": "OCR B", "styleName": font["name"].getDebugName(2) or "Regular"})
    builder.setupOS2()
    builder.setupPost(keepGlyphNames=False)
    # A fixed date keeps the output the same from run to run.
    builder.font["head"].created = builder.font["head"].modified = 3_300_000_000
    builder.font.recalcTimestamp = False
    builder.save(target)


if __name__ == "__main__":
    main(*sys.argv[1:])
