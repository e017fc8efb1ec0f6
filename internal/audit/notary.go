package audit

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/usher-kyc/usher"
)

// Book is what a notary reads of the store.
type Book interface {
	// Ends gives where every chain ends, as checkpoints without a signature.
	Ends(ctx context.Context) ([]Checkpoint, error)
	// Link gives the hash at a place of a chain, and whether the chain has that place.
	Link(ctx context.Context, tenant string, seq int64) (usher.AuditHash, bool, error)
}

// NotaryConfig is what a [Notary] needs. Book, Keys and Path are required.
type NotaryConfig struct {
	Book    Book
	Keys    func(ctx context.Context) ([]Key, error) // all there are, newest first; asked for before each signing
	Path    string                                   // of the file that checkpoints are appended to
	Every   time.Duration                            // one hour when zero
	Line    io.Writer                                // is written each checkpoint as a line of JSON, for a log that is kept elsewhere; may be nil
	Webhook string                                   // address that new checkpoints are posted to, one to a line; may be ""
	Client  *http.Client                             // for that
	Now     func() time.Time
	Log     *slog.Logger
}

// Notary signs where chains end and writes that down outside of the database.
type Notary struct {
	c      NotaryConfig
	mu     sync.Mutex
	last   map[string]Checkpoint // newest of each chain in the file
	newest Checkpoint            // newest of all
	unsent []Checkpoint          // that the webhook has not taken
}

// mostUnsent bounds what is kept for a webhook that does not answer; the file has all of it.
const mostUnsent = 10_000

// NewNotary reads what is in the file already.
func NewNotary(c NotaryConfig) (*Notary, error) {
	if c.Every <= 0 {
		c.Every = time.Hour
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	n := &Notary{c: c, last: map[string]Checkpoint{}}
	f, err := os.Open(c.Path)
	if errors.Is(err, fs.ErrNotExist) {
		return n, nil
	}
	if err != nil {
		return nil, fmt.Errorf("open checkpoints: %w", err)
	}
	defer f.Close() // only read
	b := bufio.NewReader(f)
	for {
		line, err := readLine(b)
		if errors.Is(err, io.EOF) {
			return n, nil
		}
		if err != nil {
			return nil, fmt.Errorf("read checkpoints: %w", err)
		}
		var c Checkpoint
		if json.Unmarshal(line, &c) == nil { // what is wrong with a line is for Verify to say
			n.note(c)
		}
	}
}

func (n *Notary) note(c Checkpoint) {
	n.last[c.Tenant] = c
	n.newest = c
}

// Run writes checkpoints until ctx ends, and a last time then.
func (n *Notary) Run(ctx context.Context) {
	tick := time.NewTicker(n.c.Every)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			n.try(ctx)
		case <-ctx.Done():
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
			n.try(last)
			cancel()
			return
		}
	}
}

func (n *Notary) try(ctx context.Context) {
	if _, err := n.Write(ctx); err != nil {
		n.c.Log.Error("could not write checkpoints of the audit trail", "error", err)
	}
}

// Write signs and writes a checkpoint of every chain that has grown since its last one, and gives them.
func (n *Notary) Write(ctx context.Context) ([]Checkpoint, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	ends, err := n.c.Book.Ends(ctx)
	if err != nil {
		return nil, fmt.Errorf("read the ends of the trail: %w", err)
	}
	ends = slices.DeleteFunc(ends, func(c Checkpoint) bool {
		had, ok := n.last[c.Tenant]
		return c.Seq == 0 || (ok && had.Seq == c.Seq && had.Hash == c.Hash)
	})
	made, err := n.sign(ctx, ends)
	if err != nil {
		return nil, err
	}
	if len(made) > 0 {
		lines, err := linesOf(made)
		if err != nil {
			return nil, err
		}
		if err := appendFile(n.c.Path, lines); err != nil {
			return nil, fmt.Errorf("write checkpoints: %w", err)
		}
		for _, c := range made {
			n.note(c)
		}
		if n.c.Line != nil {
			if _, err := n.c.Line.Write(lines); err != nil {
				n.c.Log.Error("could not print checkpoints of the audit trail", "error", err)
			}
		}
	}
	if err := n.send(ctx, made); err != nil {
		return made, fmt.Errorf("%w: %w", ErrUnsent, err)
	}
	return made, nil
}

// sign signs where chains end, with the key that signs now.
func (n *Notary) sign(ctx context.Context, ends []Checkpoint) ([]Checkpoint, error) {
	if len(ends) == 0 {
		return nil, nil
	}
	keys, err := n.c.Keys(ctx)
	if err != nil {
		return nil, fmt.Errorf("read the keys of checkpoints: %w", err)
	}
	now := n.c.Now().UTC().Truncate(time.Millisecond)
	key := Signing(keys, now)
	if key.Private == nil {
		return nil, errors.New("there is no key to sign checkpoints with")
	}
	for i := range ends {
		ends[i].At = now
		ends[i] = ends[i].Sign(key.Private)
	}
	return ends, nil
}

func linesOf(list []Checkpoint) ([]byte, error) {
	var lines bytes.Buffer
	for _, c := range list {
		line, err := json.Marshal(c)
		if err != nil {
			return nil, fmt.Errorf("encode checkpoint: %w", err)
		}
		lines.Write(append(line, '\n'))
	}
	return lines.Bytes(), nil
}

// ErrUnsent says that checkpoints are in the file, and that the auditor's address did not take them yet.
var ErrUnsent = errors.New("checkpoints were written and not sent")

// appendFile adds whole lines to a file that only its owner may read. A line that a crash broke off is ended first.
func appendFile(path string, lines []byte) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	if end, err := f.Seek(0, io.SeekEnd); err == nil && end > 0 {
		var last [1]byte
		if _, err := f.ReadAt(last[:], end-1); err == nil && last[0] != '\n' {
			lines = append([]byte{'\n'}, lines...)
		}
	}
	_, err = f.Write(lines)
	return errors.Join(err, f.Sync(), f.Close())
}

// send posts what is new, and what could not be posted before.
func (n *Notary) send(ctx context.Context, made []Checkpoint) error {
	if n.c.Webhook == "" {
		return nil
	}
	n.unsent = append(n.unsent, made...)
	n.unsent = n.unsent[max(0, len(n.unsent)-mostUnsent):]
	if len(n.unsent) == 0 {
		return nil
	}
	lines, err := linesOf(n.unsent)
	if err != nil {
		return err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, n.c.Webhook, bytes.NewReader(lines))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/jsonl")
	answer, err := n.c.Client.Do(r)
	if err != nil {
		return err
	}
	if err := answer.Body.Close(); err != nil {
		return err
	}
	if answer.StatusCode/100 != 2 {
		return fmt.Errorf("the address answered %d", answer.StatusCode)
	}
	n.unsent = nil
	return nil
}

// Newest gives the newest checkpoint of a chain that this node wrote.
func (n *Notary) Newest(tenant string) (Checkpoint, bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	c, ok := n.last[tenant]
	return c, ok
}

// ErrNotInChain says that the newest checkpoint of this node is not in the trail any more: the trail was cut, rewritten, or brought back from an
// older copy.
var ErrNotInChain = errors.New("the newest checkpoint is not in the audit trail")

// Check tells whether the newest checkpoint in the file is still in the trail.
func (n *Notary) Check(ctx context.Context) error {
	n.mu.Lock()
	c := n.newest
	n.mu.Unlock()
	if c.Seq == 0 {
		return nil
	}
	hash, ok, err := n.c.Book.Link(ctx, c.Tenant, c.Seq)
	switch {
	case err != nil:
		return fmt.Errorf("look for the newest checkpoint: %w", err)
	case !ok || hash != c.Hash:
		return ErrNotInChain
	}
	return nil
}
