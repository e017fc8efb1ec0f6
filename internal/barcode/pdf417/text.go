package pdf417

import "fmt"

// submode is one of the four alphabets of text compaction (ISO/IEC 15438 table 5).
type submode int

const (
	upper submode = iota
	lower
	mixed
	punctuation
)

// Characters of the alphabets mixed and punctuation, by value.
const (
	mixedCharacters       = "0123456789&\r\t,:#-.$/+%*=^"
	punctuationCharacters = ";<>@[\\]_`~!\r\t,:\n-.$/\"|*()?{}'"
)

// text reads text compaction, which always begins with capitals.
func (r *contentReader) text() error {
	s := textState{alphabet: upper, once: -1}
	for len(r.words) > 0 {
		word := r.words[0]
		switch {
		case word < firstControl:
			r.message.Bytes = s.value(r.message.Bytes, word/30)
			r.message.Bytes = s.value(r.message.Bytes, word%30)
			r.words = r.words[1:]
		case word == shiftByte:
			if len(r.words) < 2 || r.words[1] > 0xff {
				return fmt.Errorf("%w: no byte after a shift", ErrContent)
			}
			r.message.Bytes = append(r.message.Bytes, byte(r.words[1]))
			r.words = r.words[2:]
			s.once = -1
		case word == charset || word == otherCharset || word == userCharset:
			// The alphabet stays as it is.
			r.words = r.words[1:]
			if err := r.charset(word); err != nil {
				return err
			}
		default:
			return nil
		}
	}
	return nil
}

// textState is the alphabet in force and, where it is not -1, the one for the next value only.
type textState struct{ alphabet, once submode }

// value appends the character that v, 0 to 29, stands for, or changes the alphabet.
func (s *textState) value(out []byte, v int) []byte {
	alphabet := s.alphabet
	if s.once >= 0 {
		alphabet, s.once = s.once, -1
	}
	switch alphabet {
	case upper, lower:
		return s.letter(out, alphabet, v)
	case mixed:
		switch {
		case v < len(mixedCharacters):
			return append(out, mixedCharacters[v])
		case v == 25:
			s.alphabet = punctuation
		case v == 26:
			return append(out, ' ')
		case v == 27:
			s.alphabet = lower
		case v == 28:
			s.alphabet = upper
		default:
			s.once = punctuation
		}
	default:
		if v < len(punctuationCharacters) {
			return append(out, punctuationCharacters[v])
		}
		s.alphabet = upper
	}
	return out
}

func (s *textState) letter(out []byte, alphabet submode, v int) []byte {
	switch {
	case v < 26 && alphabet == upper:
		return append(out, byte('A'+v))
	case v < 26:
		return append(out, byte('a'+v))
	case v == 26:
		return append(out, ' ')
	case v == 27 && alphabet == upper:
		s.alphabet = lower
	case v == 27:
		s.once = upper
	case v == 28:
		s.alphabet = mixed
	default:
		s.once = punctuation
	}
	return out
}
