package report

import (
	"bytes"
	"fmt"
	"image/jpeg"
	"io"
	"time"

	"codeberg.org/go-pdf/fpdf"
	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/gofont/goregular"
)

// Measures of a page, in millimetres: A4.
const (
	margin   = 18.0
	width    = 210 - 2*margin
	bottom   = 297 - 20.0
	line     = 4.6  // height of a line of text
	labels   = 44.0 // width of the column of labels
	gap      = 2.0  // between columns
	pictureW = (width - 6) / 2
	pictureH = 84.0
)

// typeface is the name under which the PDF knows its fonts.
const typeface = "go"

// sheet lays out text from top to bottom and begins new pages.
type sheet struct {
	pdf     *fpdf.Fpdf
	say     words
	letters letters
	marked  bool // something stands in other characters than it was given in
	number  int  // of pictures
}

// newSheet begins a document. Head and foot of each page say which case it belongs to, by its id: no name.
func newSheet(say words, l letters, title, id, made string, at time.Time) *sheet {
	s := &sheet{pdf: fpdf.New("P", "mm", "A4", ""), say: say, letters: l}
	s.pdf.AddUTF8FontFromBytes(typeface, "", goregular.TTF)
	s.pdf.AddUTF8FontFromBytes(typeface, "B", gobold.TTF)
	s.pdf.SetMargins(margin, margin, margin)
	s.pdf.SetAutoPageBreak(false, 0)
	s.pdf.SetCellMargin(0)
	s.pdf.SetTitle(title+" "+id, true)
	s.pdf.SetCreator("usher", true)
	s.pdf.SetLang(say.lang)
	s.pdf.SetCreationDate(at)
	s.pdf.SetModificationDate(at)
	s.pdf.SetCatalogSort(true)
	// A character of nobody, which stands for the number of pages until that is known. The library looks for its bytes, E0 E1, wherever they are:
	// the typeface has no character that begins with E1 either, so that the end of one and the beginning of the next cannot be taken for it.
	const all = "\ue0e1"
	s.pdf.AliasNbPages(all)
	s.pdf.SetFooterFunc(func() {
		s.style("", 7.5, 0x60)
		s.pdf.SetXY(margin, 297-13)
		s.pdf.CellFormat(width, line, title+" "+id, "", 0, "L", false, 0, "")
		s.pdf.SetXY(margin, 297-13)
		s.pdf.CellFormat(width, line, made+" · "+say.own("page", "n", s.pdf.PageNo(), "of", all), "", 0, "R", false, 0, "")
	})
	s.pdf.AddPage()
	return s
}

// write ends the document.
func (s *sheet) write(w io.Writer) error {
	if err := s.pdf.Output(w); err != nil {
		return fmt.Errorf("write PDF: %w", err)
	}
	return nil
}

// style sets weight ("" or "B"), size in points and grey of what comes.
func (s *sheet) style(weight string, size float64, grey int) {
	s.pdf.SetFont(typeface, weight, size)
	s.pdf.SetTextColor(grey, grey, grey)
}

// text gives a text in characters that the typeface has, with a mark where it is not as it was given.
func (s *sheet) text(given string) string {
	text, changed := s.letters.printable(given)
	if changed {
		s.marked = true
		return text + "*"
	}
	return text
}

// room begins a new page unless there is room for so much.
func (s *sheet) room(height float64) {
	if s.pdf.GetY()+height > bottom {
		s.pdf.AddPage()
	}
}

// space leaves some.
func (s *sheet) space(height float64) { s.pdf.SetY(s.pdf.GetY() + height) }

// heading begins a section, with room for what stands under it.
func (s *sheet) heading(text string) {
	s.room(30)
	s.space(5)
	s.style("B", 12, 0x20)
	s.pdf.CellFormat(width, 6, text, "", 1, "L", false, 0, "")
	s.pdf.SetDrawColor(0xc0, 0xc0, 0xc0)
	s.pdf.Line(margin, s.pdf.GetY()+0.6, margin+width, s.pdf.GetY()+0.6)
	s.space(2.4)
}

// paragraph writes a text of full width.
func (s *sheet) paragraph(weight string, size float64, grey int, text string) {
	s.style(weight, size, grey)
	for _, l := range s.pdf.SplitText(s.text(text), width) {
		s.room(line)
		s.pdf.CellFormat(width, line, l, "", 1, "L", false, 0, "")
		s.style(weight, size, grey) // a page that began set that of its foot
	}
}

// banner writes a text that nobody may miss.
func (s *sheet) banner(text string) {
	s.style("B", 9.5, 0x20)
	lines := s.pdf.SplitText(s.text(text), width-8)
	height := float64(len(lines))*line + 5
	s.room(height + 3)
	y := s.pdf.GetY()
	s.pdf.SetFillColor(0xff, 0xf0, 0xcc)
	s.pdf.SetDrawColor(0xb0, 0x80, 0x00)
	s.pdf.Rect(margin, y, width, height, "FD")
	for i, l := range lines {
		s.pdf.SetXY(margin+4, y+2.5+float64(i)*line)
		s.pdf.CellFormat(width-8, line, l, "", 0, "L", false, 0, "")
	}
	s.pdf.SetXY(margin, y+height+3)
}

// fact writes a label and a value; nothing where there is no value.
func (s *sheet) fact(label, value string) {
	if value != "" {
		s.row([]float64{labels, width - labels}, []string{label, value}, "label")
	}
}

// row writes texts beside one another, each broken to its width. A row stays on one page where a third of a page is enough for it. First says
// how the first column looks: "label", or "" as the others.
func (s *sheet) row(widths []float64, cells []string, first string) {
	broken := make([][]string, len(cells))
	most := 0
	for i, text := range cells {
		s.look(i, first)
		broken[i] = s.pdf.SplitText(s.text(text), widths[i]-gap)
		most = max(most, len(broken[i]))
	}
	if height := float64(most) * line; height < (bottom-margin)/3 {
		s.room(height)
	} else {
		s.room(line)
	}
	for n := range most {
		s.room(line)
		y, x := s.pdf.GetY(), margin
		for i, lines := range broken {
			if n < len(lines) {
				s.look(i, first)
				s.pdf.SetXY(x, y)
				s.pdf.CellFormat(widths[i], line, lines[n], "", 0, "L", false, 0, "")
			}
			x += widths[i]
		}
		s.pdf.SetXY(margin, y+line)
	}
	s.space(0.6)
}

func (s *sheet) look(column int, first string) {
	if column == 0 && first == "label" {
		s.style("", 9, 0x60)
		return
	}
	weight := ""
	if first == "head" {
		weight = "B"
	}
	s.style(weight, 9, 0x20)
}

// table writes a head and rows. Widths are in millimetres and together as wide as the page.
func (s *sheet) table(widths []float64, head []string, rows [][]string) {
	s.row(widths, head, "head")
	for _, r := range rows {
		s.row(widths, r, "")
	}
}

// block is a picture, or none, with its caption.
type block struct {
	jpeg  []byte
	lines []string
}

// blocks lays pictures with their captions in two columns.
func (s *sheet) blocks(list []block) {
	for i := 0; i < len(list); i += 2 {
		two := list[i:min(i+2, len(list))]
		tallest := 0.0
		for _, b := range two {
			tallest = max(tallest, s.measure(b))
		}
		s.room(tallest + 4)
		y := s.pdf.GetY()
		for n, b := range two {
			s.block(margin+float64(n)*(pictureW+6), y, b)
		}
		s.pdf.SetXY(margin, y+tallest+4)
	}
}

// caption breaks a block's lines to its width; the first is its title.
func (s *sheet) caption(b block) (lines []string, title int) {
	for i, text := range b.lines {
		s.style(map[bool]string{true: "B"}[i == 0], 8, 0x20)
		lines = append(lines, s.pdf.SplitText(s.text(text), pictureW)...)
		if i == 0 {
			title = len(lines)
		}
	}
	return lines, title
}

const (
	captionLine  = 3.9
	underPicture = 2.0
	largestPixel = 0.25 // a small picture is shown small
)

func (s *sheet) measure(b block) float64 {
	lines, _ := s.caption(b)
	_, h := b.size()
	return h + float64(len(lines))*captionLine
}

// size gives the size of a block's picture on the page, with the space under it; nothing for a picture that cannot be read.
func (b block) size() (w, h float64) {
	c, err := jpeg.DecodeConfig(bytes.NewReader(b.jpeg))
	if err != nil || c.Width == 0 || c.Height == 0 {
		return 0, 0
	}
	scale := min(pictureW/float64(c.Width), pictureH/float64(c.Height), largestPixel)
	return float64(c.Width) * scale, float64(c.Height)*scale + underPicture
}

func (s *sheet) block(x, y float64, b block) {
	if w, h := b.size(); w > 0 {
		s.number++
		name := fmt.Sprintf("picture %d", s.number)
		jpg := fpdf.ImageOptions{ImageType: "JPG"}
		s.pdf.RegisterImageOptionsReader(name, jpg, bytes.NewReader(b.jpeg))
		s.pdf.ImageOptions(name, x, y, w, h-underPicture, false, jpg, 0, "")
		y += h
	}
	lines, title := s.caption(b)
	for i, l := range lines {
		s.style(map[bool]string{true: "B"}[i < title], 8, 0x20)
		s.pdf.SetXY(x, y+float64(i)*captionLine)
		s.pdf.CellFormat(pictureW, captionLine, l, "", 0, "L", false, 0, "")
	}
}
