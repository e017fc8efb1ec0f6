package pdf417

import (
	"errors"
	"fmt"
	"math/big"
)

// Errors of Content.
var (
	// ErrMacro says that a symbol is one part of a file that is spread over several (Macro PDF417).
	ErrMacro = errors.New("pdf417: part of a file over several symbols")
	// ErrContent says that codewords follow each other in a way the standard does not give a meaning.
	ErrContent = errors.New("pdf417: codewords without meaning")
)

// Codewords that steer the compaction (ISO/IEC 15438 section 5.4.1.5).
const (
	latchText     = 900
	latchByte     = 901
	latchNumeric  = 902
	shiftByte     = 913
	startReader   = 921
	endMacro      = 922
	fieldMacro    = 923
	latchByteSix  = 924
	userCharset   = 925
	otherCharset  = 926
	charset       = 927
	startMacro    = 928
	firstControl  = 900
	numericGroup  = 15 // codewords that stand for up to 44 digits
	byteGroup     = 5  // codewords that stand for 6 bytes
	bytesPerGroup = 6
)

// Message is what a symbol says.
type Message struct {
	// Bytes is the content as it was given to the encoder.
	Bytes []byte
	// Charset is the number of the extended channel interpretation (AIM ECI) in force at the end, such as 26 for
	// UTF-8, or 0 when the symbol names none: then ISO 8859-1 is meant, or code page 437 in old symbols.
	Charset int
}

// Content returns what data codewords say: the first is the count of them all, itself included, and correction
// codewords must be gone. It fails with ErrMacro, ErrContent or ErrShape.
func Content(codewords []int) (Message, error) {
	if len(codewords) == 0 || codewords[0] != len(codewords) || len(codewords) > maxCodewords {
		return Message{}, fmt.Errorf("%w: the count is wrong", ErrShape)
	}
	for _, c := range codewords {
		if c < 0 || c >= modulus {
			return Message{}, fmt.Errorf("%w: codeword %d", ErrShape, c)
		}
	}
	r := &contentReader{words: codewords[1:]}
	err := r.text()
	for err == nil && len(r.words) > 0 {
		err = r.control()
	}
	if err != nil {
		return Message{}, err
	}
	return r.message, nil
}

// contentReader walks over codewords.
type contentReader struct {
	words   []int // what is left
	message Message
}

// run takes the codewords up to the next one that steers, at most limit of them.
func (r *contentReader) run(limit int) []int {
	n := 0
	for n < len(r.words) && n < limit && r.words[n] < firstControl {
		n++
	}
	taken := r.words[:n]
	r.words = r.words[n:]
	return taken
}

// control obeys the steering codeword that comes next and reads what it governs.
func (r *contentReader) control() error {
	word := r.words[0]
	r.words = r.words[1:]
	switch word {
	case latchText:
		return r.text()
	case latchByte:
		return r.bytes(false)
	case latchByteSix:
		return r.bytes(true)
	case latchNumeric:
		return r.numeric()
	case userCharset, otherCharset, charset:
		if err := r.charset(word); err != nil {
			return err
		}
		return r.text()
	case startMacro, endMacro, fieldMacro:
		return ErrMacro
	case startReader:
		return fmt.Errorf("%w: a symbol that programs a reader", ErrContent)
	}
	return fmt.Errorf("%w: codeword %d is reserved", ErrContent, word)
}

// charset reads the number that follows one of the three codewords for extended channel interpretations.
func (r *contentReader) charset(word int) error {
	need := 1
	if word == otherCharset {
		need = 2
	}
	numbers := r.run(need)
	if len(numbers) < need {
		return fmt.Errorf("%w: no number of a character set", ErrContent)
	}
	switch word {
	case charset:
		r.message.Charset = numbers[0]
	case otherCharset:
		r.message.Charset = (numbers[0]+1)*900 + numbers[1]
	default:
		r.message.Charset = 810900 + numbers[0]
	}
	return nil
}

// bytes reads byte compaction. Whole says that all of it is groups of five codewords for six bytes; otherwise what
// remains after the groups, of which the last is never a group, is one byte each.
func (r *contentReader) bytes(whole bool) error {
	for {
		words := r.run(len(r.words))
		if err := r.byteRun(words, whole); err != nil {
			return err
		}
		if len(r.words) == 0 || (r.words[0] != charset && r.words[0] != otherCharset && r.words[0] != userCharset) {
			return nil
		}
		word := r.words[0]
		r.words = r.words[1:]
		if err := r.charset(word); err != nil {
			return err
		}
	}
}

func (r *contentReader) byteRun(words []int, whole bool) error {
	for len(words) > byteGroup || (whole && len(words) == byteGroup) {
		value := uint64(0)
		for _, w := range words[:byteGroup] {
			value = value*900 + uint64(w)
		}
		if value>>(8*bytesPerGroup) != 0 {
			return fmt.Errorf("%w: a group of bytes is too large", ErrContent)
		}
		for shift := 8 * (bytesPerGroup - 1); shift >= 0; shift -= 8 {
			r.message.Bytes = append(r.message.Bytes, byte(value>>shift))
		}
		words = words[byteGroup:]
	}
	for _, w := range words {
		if w > 0xff {
			return fmt.Errorf("%w: codeword %d is no byte", ErrContent, w)
		}
		r.message.Bytes = append(r.message.Bytes, byte(w))
	}
	return nil
}

// numeric reads numeric compaction: groups are numbers to the base 900 whose first decimal digit is a 1 that guards
// the zeros after it.
func (r *contentReader) numeric() error {
	base := big.NewInt(900)
	for {
		group := r.run(numericGroup)
		if len(group) == 0 {
			return nil
		}
		n := new(big.Int)
		for _, w := range group {
			n.Mul(n, base).Add(n, big.NewInt(int64(w)))
		}
		digits := n.String()
		if digits[0] != '1' {
			return fmt.Errorf("%w: a group of digits does not begin with its guard", ErrContent)
		}
		r.message.Bytes = append(r.message.Bytes, digits[1:]...)
	}
}
