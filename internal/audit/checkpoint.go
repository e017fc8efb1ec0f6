package audit

import (
	"bufio"
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/usher-kyc/usher"
)

// Checkpoint says where a chain ended at a time. One without a signature is what the database or an export says of itself.
type Checkpoint struct {
	Tenant    string
	Seq       int64
	Hash      usher.AuditHash
	At        time.Time
	KID       string // of the key that signed it, see [KID]
	Signature []byte // Ed25519 (RFC 8032) over signed
}

// KID names a public key: the first 8 bytes of its SHA-256, in hex.
func KID(public ed25519.PublicKey) string {
	sum := sha256.Sum256(public)
	return hex.EncodeToString(sum[:8])
}

const timeForm = "2006-01-02T15:04:05.000Z"

// signed gives the bytes that are signed: five lines, each ended by a newline.
func (c Checkpoint) signed() []byte {
	return fmt.Appendf(nil, "usher-audit-checkpoint-v1\n%s\n%d\n%x\n%s\n", c.Tenant, c.Seq, c.Hash, c.At.UTC().Format(timeForm))
}

// Sign signs a checkpoint.
func (c Checkpoint) Sign(key ed25519.PrivateKey) Checkpoint {
	c.KID = KID(key.Public().(ed25519.PublicKey))
	c.Signature = ed25519.Sign(key, c.signed())
	return c
}

// Verify tells whether one of the keys signed the checkpoint.
func (c Checkpoint) Verify(keys []ed25519.PublicKey) error {
	for _, key := range keys {
		if KID(key) == c.KID {
			if ed25519.Verify(key, c.signed(), c.Signature) {
				return nil
			}
			return errors.New("its signature does not fit")
		}
	}
	return fmt.Errorf("it is signed by the key %q, which is not known", c.KID)
}

// checkpointLine is a checkpoint in a file.
type checkpointLine struct {
	Tenant    string `json:"tenant"`
	Seq       int64  `json:"seq"`
	Hash      string `json:"hash"`
	At        string `json:"at"`
	KID       string `json:"kid,omitempty"`
	Signature string `json:"signature,omitempty"`
}

// MarshalJSON gives a checkpoint as it stands in files and requests: hash in hex, signature in base64.
func (c Checkpoint) MarshalJSON() ([]byte, error) {
	return json.Marshal(checkpointLine{
		Tenant: c.Tenant, Seq: c.Seq, Hash: hex.EncodeToString(c.Hash[:]), At: c.At.UTC().Format(timeForm), KID: c.KID,
		Signature: base64.StdEncoding.EncodeToString(c.Signature),
	})
}

// UnmarshalJSON reads what MarshalJSON wrote, and nothing else.
func (c *Checkpoint) UnmarshalJSON(raw []byte) error {
	var l checkpointLine
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	if err := d.Decode(&l); err != nil {
		return fmt.Errorf("read checkpoint: %w", err)
	}
	hash, err := readHash(l.Hash)
	if err != nil {
		return fmt.Errorf("read checkpoint: %w", err)
	}
	at, err := time.Parse(timeForm, l.At)
	if err != nil {
		return fmt.Errorf("read checkpoint: its time is not like %s", timeForm)
	}
	signature, err := base64.StdEncoding.DecodeString(l.Signature)
	if err != nil {
		return errors.New("read checkpoint: its signature is not base64")
	}
	*c = Checkpoint{Tenant: l.Tenant, Seq: l.Seq, Hash: hash, At: at, KID: l.KID, Signature: signature}
	return nil
}

func readHash(text string) (hash usher.AuditHash, err error) {
	b, err := hex.DecodeString(text)
	if err != nil || len(b) != len(hash) {
		return hash, fmt.Errorf("a hash is not %d bytes in hex", len(hash))
	}
	copy(hash[:], b)
	return hash, nil
}

// longestLine bounds a line of a file of checkpoints or of an export, in bytes.
const longestLine = 1 << 20

// ReadCheckpoints reads a file of checkpoints, one to a line, and verifies each with the keys. What is wrong with a line is a fault and not an
// error. A last line that was broken off, as a crash leaves it, is left out.
func ReadCheckpoints(r io.Reader, keys []ed25519.PublicKey) ([]Checkpoint, []Fault, error) {
	var list []Checkpoint
	var faults []Fault
	b := bufio.NewReaderSize(r, 64<<10)
	for n := 1; ; n++ {
		line, err := readLine(b)
		if errors.Is(err, io.EOF) {
			return list, faults, nil
		}
		if err != nil {
			return nil, nil, fmt.Errorf("read checkpoints: line %d: %w", n, err)
		}
		if len(bytes.TrimSpace(line)) == 0 {
			continue
		}
		var c Checkpoint
		if err := json.Unmarshal(line, &c); err != nil {
			faults = append(faults, Fault{Kind: BadCheckpoint, Message: fmt.Sprintf("line %d of the checkpoints: %v", n, err)})
			continue
		}
		if err := c.Verify(keys); err != nil {
			faults = append(faults, Fault{Kind: BadCheckpoint, Tenant: c.Tenant, Seq: c.Seq, Message: fmt.Sprintf("line %d of the checkpoints: %v", n, err)})
			continue
		}
		list = append(list, c)
	}
}

// readLine gives a line that a newline ended; io.EOF behind the last one.
func readLine(b *bufio.Reader) ([]byte, error) {
	var line []byte
	for {
		part, err := b.ReadSlice('\n')
		line = append(line, part...)
		switch {
		case err == nil:
			return line, nil
		case !errors.Is(err, bufio.ErrBufferFull):
			return nil, err
		case len(line) > longestLine:
			return nil, errors.New("it is too long")
		}
	}
}
