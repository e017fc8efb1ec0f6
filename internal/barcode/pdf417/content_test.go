package pdf417_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/usher-kyc/usher/internal/barcode/pdf417"
)

// counted puts the count before codewords.
func counted(codewords ...int) []int { return append([]int{len(codewords) + 1}, codewords...) }

func TestContent(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		codewords []int
		want      string
		charset   int
	}{
		// The examples of ISO/IEC 15438 section 5.4: "PDF417" in text, "000213298174000" in digits.
		"text":                       {counted(453, 178, 121, 239), "PDF417", 0},
		"digits":                     {counted(902, 1, 624, 434, 632, 282, 200), "000213298174000", 0},
		"padding":                    {counted(453, 178, 121, 239, 900, 900, 900), "PDF417", 0},
		"nothing":                    {counted(), "", 0},
		"six bytes":                  {counted(924, 163, 238, 432, 766, 244), "alcool", 0},
		"bytes and one over":         {counted(901, 163, 238, 432, 766, 244, 33), "alcool!", 0},
		"five single bytes":          {counted(901, 97, 108, 99, 111, 255), "alco\xff", 0},
		"bytes, then text":           {counted(924, 163, 238, 432, 766, 244, 900, 0), "alcoolAA", 0},
		"a byte within text":         {counted(0, 913, 228, 1), "AA\xe4AB", 0},
		"a byte keeps the alphabet":  {counted(27*30+0, 913, 228, 1), "a\xe4ab", 0},
		"shift to a capital":         {counted(27*30+0, 27*30+1, 2), "aBac", 0},
		"mixed and back":             {counted(28*30+1, 26*30+28, 0), "1 AA", 0},
		"punctuation and back":       {counted(28*30+25, 10*30+29, 1), "!AB", 0},
		"punctuation once":           {counted(29*30+10, 1), "!AB", 0},
		"UTF-8":                      {counted(927, 26, 901, 0xc3, 0xa4), "\xc3\xa4", 26},
		"a character set in bytes":   {counted(924, 163, 238, 432, 766, 244, 927, 9, 163, 238, 432, 766, 244), "alcoolalcool", 9},
		"a general character set":    {counted(926, 1, 5, 0), "AA", 1805},
		"a user's character set":     {counted(925, 7, 0), "AA", 810907},
		"two groups of digits":       {counted(append([]int{902}, append(group44(), 1, 624, 434, 632, 282, 200)...)...), strings.Repeat("0", 44) + "000213298174000", 0},
		"a charset keeps lower case": {counted(27*30+0, 927, 3, 1), "aab", 3},
	} {
		got, err := pdf417.Content(test.codewords)
		if err != nil || string(got.Bytes) != test.want || got.Charset != test.charset {
			t.Errorf("%s: got %q, %d, %v", name, got.Bytes, got.Charset, err)
		}
	}
}

// group44 is 44 zeros in numeric compaction: 10^44 to the base 900.
func group44() []int {
	digits := make([]int, 15)
	number := make([]int, 45) // decimal, the highest first
	number[0] = 1
	for i := len(digits) - 1; i >= 0; i-- {
		rest := 0
		for j, d := range number {
			rest = rest*10 + d
			number[j], rest = rest/900, rest%900
		}
		digits[i] = rest
	}
	return digits
}

func TestContentRefuses(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		codewords []int
		want      error
	}{
		"nothing":                   {nil, pdf417.ErrShape},
		"a wrong count":             {[]int{5, 1, 2}, pdf417.ErrShape},
		"codeword 929":              {counted(929), pdf417.ErrShape},
		"a negative codeword":       {counted(-1), pdf417.ErrShape},
		"one of several symbols":    {counted(1, 928, 111, 100, 17), pdf417.ErrMacro},
		"the end of several":        {counted(1, 922), pdf417.ErrMacro},
		"a field of several":        {counted(1, 923, 0, 900), pdf417.ErrMacro},
		"to program a reader":       {counted(921, 1), pdf417.ErrContent},
		"reserved":                  {counted(910, 1), pdf417.ErrContent},
		"linked to another symbol":  {counted(918, 1), pdf417.ErrContent},
		"no byte after a shift":     {counted(913), pdf417.ErrContent},
		"no byte but a latch":       {counted(913, 900), pdf417.ErrContent},
		"a byte too large":          {counted(901, 256), pdf417.ErrContent},
		"six bytes too large":       {counted(924, 899, 899, 899, 899, 899), pdf417.ErrContent},
		"digits without a guard":    {counted(902, 2), pdf417.ErrContent},
		"a character set cut":       {counted(927), pdf417.ErrContent},
		"a long character set cut":  {counted(926, 1), pdf417.ErrContent},
		"a character set of latch":  {counted(927, 900), pdf417.ErrContent},
		"a set cut within bytes":    {counted(901, 1, 927), pdf417.ErrContent},
		"more than a symbol's most": {make([]int, 1000), pdf417.ErrShape},
	} {
		if got, err := pdf417.Content(test.codewords); !errors.Is(err, test.want) {
			t.Errorf("%s: got %q, %v", name, got.Bytes, err)
		}
	}
}

func FuzzContent(f *testing.F) {
	f.Add([]byte{1, 197, 0, 178, 0, 121, 0, 239})
	f.Add([]byte{3, 134, 0, 1, 2, 112, 1, 178, 2, 120})
	f.Add([]byte{3, 133, 0, 97, 0, 98, 3, 159, 0, 26, 0, 99})
	f.Fuzz(func(t *testing.T, data []byte) {
		codewords := []int{0}
		for i := 0; i+1 < len(data); i += 2 {
			codewords = append(codewords, (int(data[i])<<8|int(data[i+1]))%929)
		}
		codewords[0] = len(codewords)
		m, err := pdf417.Content(codewords)
		// The densest compaction holds 44 digits in 15 codewords.
		if err == nil && len(m.Bytes) > 3*len(codewords) {
			t.Fatalf("%d bytes of %d codewords", len(m.Bytes), len(codewords))
		}
	})
}
