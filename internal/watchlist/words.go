package watchlist

import (
	"github.com/usher-kyc/usher/internal/watchlist/roman"
)

// maxWordLen is how much of a word is looked at, in bytes: edit distances work on one machine word.
const maxWordLen = 60

// names holds names taken apart into words: a reading is one way to say a name in Latin letters, and a name in another script can have several.
// Everything lies in three flat slices so that a searcher fills it again and again without allocating.
type names struct {
	text     []byte
	words    []span // of text
	readings []reading
}

// span is a piece of names.text; bare says that it was romanised from another script.
type span struct {
	from, to uint32
	bare     bool
}

// reading is a run of names.words, and which of the query's names it reads.
type reading struct{ from, to, name uint32 }

func (n *names) reset() { n.text, n.words, n.readings = n.text[:0], n.words[:0], n.readings[:0] }

func (n *names) word(s span) []byte { return n.text[s.from:s.to] }

// add takes one name apart. No reading is added if the name holds no letter and no digit.
func (n *names) add(name string, number uint32) {
	for i := range len(name) {
		if name[i] >= 0x80 {
			for _, r := range roman.Read(name) {
				n.addReading(r.Text, r.Bare, number)
			}
			return
		}
	}
	n.addReading(name, false, number)
}

// addReading splits Latin text into words. Apostrophes inside words are dropped ("O'Brien", "Qa'ida"), everything else that is no letter or
// digit separates. A reading equal to one before it is left out.
func (n *names) addReading(text string, bare bool, number uint32) {
	first := len(n.words)
	from := len(n.text)
	end := func() {
		if to := len(n.text); to > from {
			if to-from > maxWordLen {
				to = from + maxWordLen
				n.text = n.text[:to]
			}
			n.words = append(n.words, span{uint32(from), uint32(to), bare})
		}
		from = len(n.text)
	}
	for i := range len(text) {
		switch c := text[i]; {
		case c >= 'a' && c <= 'z', c >= '0' && c <= '9':
			n.text = append(n.text, c)
		case c >= 'A' && c <= 'Z':
			n.text = append(n.text, c|0x20)
		case c == '\'' || c == '`':
		default:
			end()
		}
	}
	end()
	if len(n.words) == first {
		return
	}
	n.readings = append(n.readings, reading{uint32(first), uint32(len(n.words)), number})
	second := len(n.words)
	if n.joinServant(first) {
		n.readings = append(n.readings, reading{uint32(second), uint32(len(n.words)), number})
	}
}

// joinServant adds a second reading of the words from first on, in which the Arabic "servant of" names are one word in one spelling: Abd al-Rahman,
// Abdul Rahman, Abdur-Rahman and Abdurrahman all become abdrahman. False if there is no such name among the words.
func (n *names) joinServant(first int) (joined bool) {
	end := len(n.words)
	for i := first; i < end; i++ {
		w := n.words[i]
		half := span{}
		if servant(n.word(w)) {
			j := i + 1
			if j < end-1 && article(n.word(n.words[j])) {
				j++
			}
			if j < end && n.words[j].to-n.words[j].from >= 3 {
				half, i = n.words[j], j
			}
		} else if rest := servantRest(n.word(w)); rest > 0 {
			half = span{w.from + uint32(rest), w.to, w.bare}
		}
		if half.to > 0 {
			from := uint32(len(n.text))
			n.text = append(n.text, "abd"...)
			n.text = append(n.text, n.word(half)...)
			w = span{from, min(uint32(len(n.text)), from+maxWordLen), w.bare}
			joined = true
		}
		n.words = append(n.words, w)
	}
	if !joined {
		n.words = n.words[:end]
	}
	return joined
}

// servant says whether a word is the first half of such a name, with or without the article.
func servant(w []byte) bool {
	switch string(w) {
	case "abd", "abdul", "abdel", "abdal", "abdol", "abdoul", "abdil", "abdur", "abdu", "abdou", "abdar", "abdus", "abdas", "abdoel", "abdulal", "abdual":
		return true
	}
	return false
}

// article says whether a word is the Arabic article in one of its spellings.
func article(w []byte) bool {
	switch string(w) {
	case "al", "el", "ul", "ol", "ar", "ur", "er", "as", "us", "es", "ash", "ush", "esh", "at", "ad", "ed", "an", "az", "l", "r":
		return true
	}
	return false
}

// servantRest says where the second half begins if both are written as one word ("abdurrahman", "abdelkader", "abdirahman"), or 0. Abdullah and its
// forms stay as they are: they are a name of their own, in the table of equivalents.
func servantRest(w []byte) int {
	if len(w) < 8 || string(w[:3]) != "abd" {
		return 0
	}
	i := 3
	for i < 5 && (w[i] == 'u' || w[i] == 'e' || w[i] == 'a' || w[i] == 'o' || w[i] == 'i') {
		i++
	}
	switch {
	case i == 3:
		return 0
	case w[i] == 'l' && (w[i+1] == 'l' || w[i+1] == 'a' && w[i+2] == 'h'):
		return 0
	case w[i] == 'l', w[i] == w[i+1]: // the article, or the letter that has taken it on
		i++
	}
	if len(w)-i < 4 {
		return 0
	}
	return i
}
