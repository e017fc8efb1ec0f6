package dialecttest

import (
	"strings"
)

// script is a transcript as it stands in its file.
type script struct {
	comment  string // before the first section
	sections []section
}

type section struct {
	title  string
	input  []string // lines with ">" or "!", as they stand
	output string   // what came of it
}

// parse reads a transcript.
func parse(text string) script {
	var s script
	var rest []string
	flush := func() {
		body := strings.Trim(strings.Join(rest, "\n"), "\n")
		rest = nil
		if len(s.sections) == 0 {
			s.comment = body
			return
		}
		s.sections[len(s.sections)-1].output = body
	}
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\r\n")
		if title, ok := strings.CutPrefix(line, "-- "); ok && strings.HasSuffix(title, " --") {
			flush()
			s.sections = append(s.sections, section{title: strings.TrimSuffix(title, " --")})
			continue
		}
		input := strings.HasPrefix(line, ">") || strings.HasPrefix(line, "!")
		if last := len(s.sections) - 1; input && last >= 0 && len(rest) == 0 {
			s.sections[last].input = append(s.sections[last].input, line)
			continue
		}
		rest = append(rest, line)
	}
	flush()
	return s
}

// format writes a transcript the way parse reads it.
func (s script) format() string {
	var b strings.Builder
	if s.comment != "" {
		b.WriteString(s.comment + "\n\n")
	}
	for _, sec := range s.sections {
		b.WriteString("-- " + sec.title + " --\n" + strings.Join(sec.input, "\n") + "\n\n")
		if sec.output != "" {
			b.WriteString(sec.output + "\n\n")
		}
	}
	return strings.TrimRight(b.String(), "\n") + "\n"
}
