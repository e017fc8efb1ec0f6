package source

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing/fstest"

	"github.com/usher-kyc/usher/internal/watchlist"
)

// Rows reads separated values as the readers of lists do.
func Rows(data []byte) ([][]string, error) {
	s := sinkOf(data)
	var rows [][]string
	c, err := s.openTable("f", ',')
	if err != nil {
		return nil, err
	}
	for {
		cells, err := c.next()
		if errors.Is(err, io.EOF) {
			return rows, nil
		}
		if err != nil {
			return nil, err
		}
		rows = append(rows, append([]string(nil), cells...))
	}
}

// Markup reads XML as the readers of lists do: "<name" and " name=value" of starts, ">" for ends, and text.
func Markup(data []byte) ([]string, error) {
	s := sinkOf(data)
	x, err := s.openMarkup("f")
	if err != nil {
		return nil, err
	}
	var events []string
	for {
		kind, text, err := x.next()
		if errors.Is(err, io.EOF) {
			return events, nil
		}
		if err != nil {
			return nil, err
		}
		switch kind {
		case pieceStart:
			events = append(events, "<"+text)
			for _, a := range x.attrs {
				events = append(events, " "+a.name+"="+a.value)
			}
		case pieceEnd:
			events = append(events, ">")
		case pieceText:
			if text = strings.Join(strings.Fields(text), " "); text != "" {
				events = append(events, text)
			}
		}
	}
}

// BirthDate reads a date of birth.
func BirthDate(s string) (watchlist.DateRange, bool) { return birthDate(s) }

// Country finds a country.
func Country(s string) string { return country(s) }

// Noted gives the names that a name with notes becomes.
func Noted(kind watchlist.Kind, full string) []watchlist.Name {
	e := &watchlist.Entity{Kind: kind}
	addNoted(e, watchlist.Name{Full: full, Kind: watchlist.Alias})
	sinkOf(nil).tidyNames(e)
	return e.Names
}

// LastFirst reads "LAST, First".
func LastFirst(s string) watchlist.Name { return lastFirst(s) }

// ScriptOf tells a name's script.
func ScriptOf(s string) string { return scriptOf(s) }

// Number reads an identity number as OFAC's remarks have it.
func Number(s string) watchlist.ID {
	kind, rest := idKind(s)
	if kind == "" {
		return watchlist.ID{}
	}
	return issued(kind, rest)
}

func sinkOf(data []byte) *sink {
	return newSink(context.Background(), Input{FS: fstest.MapFS{"f": {Data: data}}, Files: []string{"f"}, Limits: Limits{}.filled()}, nil)
}
