package watchlist

import "math/bits"

// Words that are alike share a key. A key is a number; the dictionary finds the listed words of a key. Keys only bring candidates, compare decides.

// The tags keep keys of different sorts apart; they take the highest byte.
const (
	tagDeletion = iota + 1
	tagSound
	tagCoarse     // of every word
	tagCoarseBare // of words from other scripts only
	tagClass
)

// keyPrefix is how many letters of a word deletions are made of (Garbe's symmetric deletion with a prefix): words at most two edits apart share
// one of the strings left when up to two of their first seven letters are deleted.
const keyPrefix = 7

// deletions calls yield with the key of the first letters of w and of all that is left of them after deleting at most depth.
func deletions(w []byte, depth int, yield func(key uint64)) {
	n := min(len(w), keyPrefix)
	whole := wholeKey(w) &^ (0xff << 56)
	yield(whole | tagDeletion<<56)
	if depth == 0 || numeric(w) {
		return
	}
	for i := range n {
		if i > 0 && w[i] == w[i-1] {
			continue // the same string as before
		}
		one := without(whole, i)
		yield(one | tagDeletion<<56)
		if depth < 2 {
			continue
		}
		for j := i; j < n-1; j++ {
			yield(without(one, j) | tagDeletion<<56)
		}
	}
}

// deletionDepth is how many letters of a word may have to be deleted to meet one that is as many edits apart as editsAllowed.
func deletionDepth(w []byte) int {
	switch {
	case len(w) >= 7:
		return 2
	case len(w) >= 3:
		return 1
	}
	return 0
}

// wholeKey is the key of a word's first letters with none deleted.
func wholeKey(w []byte) uint64 {
	var whole uint64
	for i := range min(len(w), keyPrefix) {
		whole |= uint64(w[i]) << (8 * i)
	}
	return whole | tagDeletion<<56
}

// without deletes letter i of a packed string.
func without(v uint64, i int) uint64 {
	low := v & (1<<(8*i) - 1)
	return low | v>>(8*(i+1))<<(8*i)
}

// keys calls yield with every key of a listed word.
func (l *lexeme) keys(yield func(key uint64)) {
	deletions(l.text, deletionDepth(l.text), yield)
	if l.sound != 0 {
		yield(l.sound)
	}
	if l.coarse != 0 {
		yield(l.coarse)
		if l.bare {
			yield(l.coarse&^(0xff<<56) | tagCoarseBare<<56)
		}
	}
	if l.class != 0 {
		yield(uint64(l.class) | tagClass<<56)
	}
}

// searchKeys calls yield with every key under which words like a query's word, at most so many edits apart, are to be found.
func (l *lexeme) searchKeys(edits int, yield func(key uint64)) {
	deletions(l.text, min(deletionDepth(l.text), edits), yield)
	if l.sound != 0 {
		yield(l.sound)
	}
	if l.coarse != 0 {
		if l.bare {
			yield(l.coarse)
		} else {
			yield(l.coarse&^(0xff<<56) | tagCoarseBare<<56)
		}
	}
	if l.class != 0 {
		yield(uint64(l.class) | tagClass<<56)
	}
}

// hashKey spreads a key over 64 bits.
func hashKey(key uint64) uint64 {
	h := key * 0x9E3779B97F4A7C15
	h ^= h >> 29
	return h * 0xBF58476D1CE4E5B9
}

// packed collects the letters of a key.
type packed struct {
	v    uint64
	n    int
	last byte
}

// add appends a letter; letters beyond the seventh are folded in, so that long words still differ.
func (p *packed) add(c byte) {
	if c == p.last {
		return
	}
	p.last = c
	p.n++
	if p.n <= 7 {
		p.v = p.v<<8 | uint64(c)
	} else {
		p.v = bits.RotateLeft64(p.v*0x9E3779B97F4A7C15+uint64(c), 9)
	}
}

func (p *packed) key(tag uint64) uint64 { return p.v&^(0xff<<56) | tag<<56 }

// soundKey gives the consonants of a word as they are heard in most languages that are written in Latin letters, or 0 for fewer than two.
func soundKey(w []byte) uint64 {
	var p packed
	for i := 0; i < len(w); i++ {
		switch w[i] {
		case 'a', 'e', 'i', 'o', 'u', 'y':
			if i == 0 {
				p.add('a')
			}
			p.last = 0
		case 'h':
			if i+1 < len(w) {
				p.add('h')
			}
		case 'x':
			p.add('k')
			p.add('s')
		default:
			sound, letters := consonant(w[i:])
			p.add(sound)
			i += letters - 1
		}
	}
	if p.n < 2 {
		return 0
	}
	return p.key(tagSound)
}

// consonant gives the sound that a word begins with and how many letters write it. S stands for what English writes sh and ch.
func consonant(w []byte) (sound byte, letters int) {
	var next, third byte
	if len(w) > 1 {
		next = w[1]
	}
	if len(w) > 2 {
		third = w[2]
	}
	switch c := w[0]; c {
	case 's':
		switch {
		case next == 'h':
			return 'S', 2
		case next == 'c' && third == 'h':
			return 'S', 3
		}
	case 'c':
		switch next {
		case 'h':
			return 'S', 2
		case 'k':
			return 'k', 2
		case 'e', 'i', 'y':
			return 's', 1
		}
		return 'k', 1
	case 'p', 'z', 'k', 'g', 't', 'd', 'b':
		sound, letters = c, 1
		if next == 'h' {
			letters = 2
		}
		switch {
		case c == 'p' && next == 'h':
			sound = 'f'
		case c == 'z' && next == 'h':
			sound = 'S'
		case c == 'z', c == 't' && next == 'z':
			sound = 's'
		}
		return sound, letters
	case 'q':
		return 'k', 1
	case 'w':
		return 'v', 1
	}
	return w[0], 1
}

// coarseClass maps a consonant to the class that transliterations confuse it with; 0 is left out (vowels, half vowels, h).
var coarseClass = [256]byte{
	'b': 'p', 'p': 'p', 'f': 'f', 'v': 'f', 'd': 't', 't': 't', 'g': 'k', 'k': 'k', 'q': 'k', 'j': 'k', 'c': 'k',
	's': 's', 'z': 's', 'x': 's', 'l': 'l', 'r': 'r', 'm': 'm', 'n': 'n',
	'0': '0', '1': '1', '2': '2', '3': '3', '4': '4', '5': '5', '6': '6', '7': '7', '8': '8', '9': '9',
}

// coarseKey gives the classes of a word's consonants without vowels, half vowels and h, as scripts that write no vowels or no such difference
// leave them; repeats count once, since what lies between them is unwritten there. 0 for fewer than two.
func coarseKey(w []byte) uint64 {
	var p packed
	for i := range len(w) {
		c := coarseClass[w[i]]
		h := i+1 < len(w) && w[i+1] == 'h'
		switch {
		case w[i] == 'p' && h:
			c = 'f'
		case w[i] == 'c' && (h || i+1 < len(w) && (w[i+1] == 'e' || w[i+1] == 'i')):
			c = 's'
		case w[i] == 'w' && i == 0:
			c = 'f'
		case w[i] == 't' && i+1 < len(w) && (w[i+1] == 's' || w[i+1] == 'z' || w[i+1] == 'c'):
			c = 0 // ts is written as one letter elsewhere
		}
		if c != 0 {
			p.add(c)
		}
	}
	if p.n < 2 {
		return 0
	}
	return p.key(tagCoarse)
}
