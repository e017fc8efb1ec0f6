package screening

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"time"

	"github.com/usher-kyc/usher/internal/store"
	"github.com/usher-kyc/usher/internal/watchlist/source"
)

// Many nodes: each keeps the editions in a folder of its own and an index made of them, as one node alone does. The database carries the files of the
// edition in use from the node that brought it in to the others, in packed parts, and says which edition that is. A node that starts has it before it
// answers; one that runs looks every second. Every result names the editions that it was made of.

const (
	// partSize is how much of a file one row carries, before it is packed.
	partSize = 1 << 20
	// turnLease bounds how long a node may be at a feed or at the monitors; one that dies is noticed sooner.
	turnLease = time.Hour
)

// turn takes the turn at something that one of all nodes does at a time.
func (l *Lists) turn(ctx context.Context, name string) (end func(), mine bool, err error) {
	if l.c.Nodes == nil {
		return func() {}, true, nil
	}
	return l.c.Turn(ctx, "watchlists/"+name, turnLease)
}

// meet brings in the editions that other nodes have put into use, and hands them those that this node has and they have not.
func (l *Lists) meet(ctx context.Context) error {
	if l.c.Nodes == nil {
		return nil
	}
	rows, err := l.c.Nodes.Lists(ctx)
	if err != nil {
		return fmt.Errorf("read the lists of all nodes: %w", err)
	}
	for _, r := range rows {
		if err := l.take(ctx, r); err != nil {
			return fmt.Errorf("take over %s from another node: %w", r.List, err)
		}
	}
	editions, err := l.editions()
	if err != nil {
		return err
	}
	for _, e := range editions {
		if err := l.hand(ctx, e, rows); err != nil {
			return fmt.Errorf("hand %s to the other nodes: %w", e.Info.List, err)
		}
	}
	return nil
}

// take puts the edition of another node into use here, unless this node has a newer one: their ids sort by time.
func (l *Lists) take(ctx context.Context, r store.ListRow) error {
	mine, err := l.library.Current(r.List)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if mine.ID < r.Edition {
		if _, err = l.library.Edition(r.List, r.Edition); err == nil {
			_, err = l.library.Use(r.List, r.Edition)
		} else if errors.Is(err, fs.ErrNotExist) {
			_, err = l.library.Receive([]byte(r.Manifest), func(e source.Edition, file string) (io.Reader, error) {
				return l.carried(ctx, e, file), nil
			})
		}
		if err != nil {
			return err
		}
	}
	return l.library.NoteChecked(r.List, r.CheckedAt)
}

// hand gives the other nodes an edition of this one, or tells them when it was found current.
func (l *Lists) hand(ctx context.Context, e source.Edition, rows []store.ListRow) error {
	list := e.Info.List
	checked, err := l.library.Checked(list)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	was := store.ListRow{}
	if i := slices.IndexFunc(rows, func(r store.ListRow) bool { return r.List == list }); i >= 0 {
		was = rows[i]
	}
	if was.Edition >= e.ID {
		if was.Edition == e.ID && checked.After(was.CheckedAt) {
			return l.c.Nodes.CheckList(ctx, list, checked)
		}
		return nil
	}
	manifest, err := json.Marshal(e)
	if err != nil {
		return fmt.Errorf("write edition: %w", err)
	}
	for _, f := range e.Files {
		if err := l.handFile(ctx, e, f.Name); err != nil {
			return err
		}
	}
	err = l.c.Nodes.UseList(ctx, store.ListRow{List: list, Edition: e.ID, Manifest: string(manifest), CheckedAt: checked}, was.Edition)
	if errors.Is(err, store.ErrConflict) {
		return nil // another node was faster; the next look finds which edition is the newer
	}
	return err
}

// handFile writes a file of an edition in packed parts.
func (l *Lists) handFile(ctx context.Context, e source.Edition, name string) error {
	f, err := l.library.Folder(e).Open(name)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }() // read only
	piece := make([]byte, partSize)
	for part := 0; ; part++ {
		n, err := io.ReadFull(f, piece)
		if n > 0 {
			if err := l.c.Nodes.PutListPart(ctx, e.Info.List, e.ID, name, part, packed(piece[:n])); err != nil {
				return err
			}
		}
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read %s: %w", name, err)
		}
	}
}

func packed(raw []byte) []byte {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, _ = z.Write(raw) // a buffer takes every write
	_ = z.Close()       // the same
	return b.Bytes()
}

// carried gives what reads a file that another node handed over, part by part.
func (l *Lists) carried(ctx context.Context, e source.Edition, file string) io.Reader {
	part, rest := 0, []byte(nil)
	return reading(func(into []byte) (int, error) {
		for len(rest) == 0 {
			body, err := l.c.Nodes.ListPart(ctx, e.Info.List, e.ID, file, part)
			if errors.Is(err, store.ErrNotFound) {
				return 0, io.EOF
			}
			if err == nil {
				rest, err = unpacked(body)
			}
			if err != nil {
				return 0, fmt.Errorf("read part %d: %w", part, err)
			}
			part++
		}
		n := copy(into, rest)
		rest = rest[n:]
		return n, nil
	})
}

// reading is a function as a reader.
type reading func([]byte) (int, error)

// Read calls it.
func (r reading) Read(into []byte) (int, error) { return r(into) }

func unpacked(body []byte) ([]byte, error) {
	z, err := gzip.NewReader(bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(io.LimitReader(z, partSize+1))
}

// askedElsewhere tells whether another node asked a feed within its time, and if so takes that over.
func (l *Lists) askedElsewhere(ctx context.Context, f Feed, every time.Duration) bool {
	if l.c.Nodes == nil || f.List == "" {
		return false
	}
	rows, err := l.c.Nodes.Lists(ctx)
	if err != nil {
		return false // asked once too often does less harm than not at all
	}
	return slices.ContainsFunc(rows, func(r store.ListRow) bool { return r.List == f.List && l.c.Now().Sub(r.CheckedAt) < every })
}

// heldByAll gives which edition of each list the monitored applicants were last held against, by whichever node.
func (l *Lists) heldByAll(ctx context.Context) (map[string]string, error) {
	rows, err := l.c.Nodes.Lists(ctx)
	if err != nil {
		return nil, fmt.Errorf("read what was monitored: %w", err)
	}
	held := map[string]string{}
	for _, r := range rows {
		held[r.List] = r.Held
	}
	return held, nil
}
