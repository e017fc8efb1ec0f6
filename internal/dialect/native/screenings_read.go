package native

import (
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"unicode/utf8"
)

// One name is searched in less time than huma takes to read the request: into a map, which it validates, and then once more into the struct. So a body
// that is written as nearly every client writes one, and with which nothing is wrong, is read here in one pass. Whatever this reader does not take, and
// that is everything that is wrong or unusual, huma reads; so there is one place that says what is wrong, and one contract.

// plainRequest tells whether nothing but the body of a request has a say in the answer.
func plainRequest(r *http.Request) bool {
	accept := r.Header["Accept"]
	return r.URL.RawQuery == "" && (len(accept) == 0 || len(accept) == 1 && (accept[0] == "*/*" || accept[0] == jsonType))
}

// readScreening reads a body, or says that huma must.
func readScreening(text []byte) (newScreening, bool) {
	p := plainReader{text: text}
	var n newScreening
	ok := utf8.Valid(text) && p.object([]string{"subjects", "lists", "possible", "match", "limit"}, func(member int) (ok bool) {
		switch member {
		case 0:
			n.Subjects = make([]subject, 0, 1)
			return p.array(func() bool {
				n.Subjects = append(n.Subjects, subject{})
				return len(n.Subjects) <= mostSubjects && p.subject(&n.Subjects[len(n.Subjects)-1])
			})
		case 1:
			n.Lists, ok = p.texts(100)
		case 2:
			n.Possible, ok = p.share()
		case 3:
			n.Match, ok = p.share()
		case 4:
			n.Limit, ok = p.count(100)
		}
		return ok
	})
	p.space()
	return n, ok && p.at == len(text) && len(n.Subjects) > 0
}

// The bounds are those of the tags of newScreening and subject; TestScreeningsAreReadAlike holds the two together.
func (p *plainReader) subject(s *subject) bool {
	members := []string{"name", "alt_names", "kind", "birth_date", "gender", "countries", "identifiers"}
	return p.object(members, func(member int) (ok bool) {
		switch member {
		case 0:
			s.Name, ok = p.string()
			return ok && s.Name != "" && (len(s.Name) <= 1024 || utf8.RuneCountInString(s.Name) <= 1024)
		case 1:
			s.AltNames, ok = p.texts(19)
		case 2:
			s.Kind, ok = p.word("person", "organization", "vessel", "aircraft")
		case 3:
			s.BirthDate, ok = p.string()
			return ok && isBirthDate(s.BirthDate)
		case 4:
			s.Gender, ok = p.word("male", "female")
		case 5:
			s.Countries, ok = p.texts(20)
		case 6:
			s.Identifiers, ok = p.texts(20)
		}
		return ok
	}) && s.Name != ""
}

// isBirthDate tells whether a text is YYYY, YYYY-MM or YYYY-MM-DD, in digits of any value.
func isBirthDate(s string) bool {
	if len(s) != len("YYYY") && len(s) != len("YYYY-MM") && len(s) != len("YYYY-MM-DD") {
		return false
	}
	for i := range len(s) {
		if dash := i == 4 || i == 7; dash != (s[i] == '-') || !dash && (s[i] < '0' || s[i] > '9') {
			return false
		}
	}
	return true
}

// plainReader reads JSON (RFC 8259). Each of its methods reads one thing and says whether it was there.
type plainReader struct {
	text []byte
	at   int
}

func (p *plainReader) space() {
	for p.at < len(p.text) && (p.text[p.at] == ' ' || p.text[p.at] == '\n' || p.text[p.at] == '\r' || p.text[p.at] == '\t') {
		p.at++
	}
}

// take reads one character, which may have space before it.
func (p *plainReader) take(c byte) bool {
	p.space()
	if p.at < len(p.text) && p.text[p.at] == c {
		p.at++
		return true
	}
	return false
}

// object reads an object of some of the members, each at most once; read is told which one is to be read.
func (p *plainReader) object(members []string, read func(member int) bool) bool {
	if !p.take('{') {
		return false
	}
	if p.take('}') {
		return true
	}
	for seen := 0; ; {
		name, ok := p.quoted()
		if !ok {
			return false
		}
		i := slices.IndexFunc(members, func(m string) bool { return m == string(name) })
		if i < 0 || seen&(1<<i) != 0 || !p.take(':') || !read(i) {
			return false
		}
		seen |= 1 << i
		if !p.take(',') {
			return p.take('}')
		}
	}
}

// array reads an array; read is called for each item.
func (p *plainReader) array(read func() bool) bool {
	if !p.take('[') {
		return false
	}
	if p.take(']') {
		return true
	}
	for read() {
		if !p.take(',') {
			return p.take(']')
		}
	}
	return false
}

// quoted reads a string and gives it as it is written between the quotes.
func (p *plainReader) quoted() ([]byte, bool) {
	if !p.take('"') {
		return nil, false
	}
	for from := p.at; p.at < len(p.text); p.at++ {
		switch c := p.text[p.at]; {
		case c == '"':
			p.at++
			return p.text[from : p.at-1], true
		case c == '\\':
			p.at++
		case c < ' ':
			return nil, false
		}
	}
	return nil, false
}

// string reads a string. What is escaped is left to encoding/json, which knows what becomes of half a pair of surrogates.
func (p *plainReader) string() (string, bool) {
	p.space()
	from := p.at
	inner, ok := p.quoted()
	if !ok || !slices.Contains(inner, '\\') {
		return string(inner), ok
	}
	var s string
	err := json.Unmarshal(p.text[from:p.at], &s)
	return s, err == nil
}

// word reads one of some strings.
func (p *plainReader) word(words ...string) (string, bool) {
	inner, ok := p.quoted()
	if !ok {
		return "", false
	}
	i := slices.IndexFunc(words, func(w string) bool { return w == string(inner) })
	if i < 0 {
		return "", false
	}
	return words[i], true
}

// texts reads an array of at most so many strings.
func (p *plainReader) texts(most int) ([]string, bool) {
	list := []string{}
	ok := p.array(func() bool {
		s, ok := p.string()
		list = append(list, s)
		return ok && len(list) <= most
	})
	return list, ok
}

// digits reads a number without sign, exponent and needless zeros.
func (p *plainReader) digits(fraction bool) (string, bool) {
	p.space()
	from := p.at
	skip := func() (n int) {
		for ; p.at < len(p.text) && p.text[p.at] >= '0' && p.text[p.at] <= '9'; p.at++ {
			n++
		}
		return n
	}
	whole := skip()
	ok := whole == 1 || whole > 1 && p.text[from] != '0'
	if fraction && p.at < len(p.text) && p.text[p.at] == '.' {
		p.at++
		ok = skip() > 0 && ok
	}
	return string(p.text[from:p.at]), ok
}

// share reads a number from 0 to 1.
func (p *plainReader) share() (float64, bool) {
	s, ok := p.digits(true)
	if !ok {
		return 0, false
	}
	v, err := strconv.ParseFloat(s, 64)
	return v, err == nil && v <= 1
}

// count reads a whole number from 0 to most.
func (p *plainReader) count(most int) (int, bool) {
	s, ok := p.digits(false)
	if !ok {
		return 0, false
	}
	n, err := strconv.Atoi(s)
	return n, err == nil && n <= most
}
