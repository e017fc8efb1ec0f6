package vault

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"sync"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/keyset"
	tinkpb "github.com/tink-crypto/tink-go/v2/proto/tink_go_proto"
	"github.com/tink-crypto/tink-go/v2/streamingaead"
	"github.com/tink-crypto/tink-go/v2/tink"
)

// A wrapped keyset is: version (1 byte) ‖ master key id (4) ‖ length of the first part (2, big endian) ‖ encrypted
// Tink keyset with the AEAD key ‖ encrypted Tink keyset with the streaming key. Two keysets, because Tink makes one
// primitive of a keyset; wrapped apart, so that reading a column does not pay for the streaming key.
const (
	keysetV1     = 1
	keysetHeader = 1 + keyIDSize + 2

	partAEAD   = "applicant aead"
	partStream = "applicant stream"
)

var errNoOwner = errors.New("tenant and applicant must be named")

// NewKeyset makes the keys of one applicant and returns them wrapped by the newest master key: about 300 bytes, bound
// to tenant and subject (the applicant's id), for the caller to store in the transaction that creates the applicant.
func (m *Master) NewKeyset(tenant, subject string) (wrapped []byte, err error) {
	if tenant == "" || subject == "" {
		return nil, fmt.Errorf("create keyset: %w", errNoOwner)
	}
	k := m.newest()
	first, err := newPart(k, aead.AES256GCMKeyTemplate(), bind(partAEAD, tenant, subject))
	if err != nil {
		return nil, fmt.Errorf("create keyset: %w", err)
	}
	second, err := newPart(k, streamingaead.AES256GCMHKDF1MBKeyTemplate(), bind(partStream, tenant, subject))
	if err != nil {
		return nil, fmt.Errorf("create keyset: %w", err)
	}
	return joinParts(k.id, first, second), nil
}

// Unwrap returns the [Sealer] of an applicant from the keyset NewKeyset made for the same tenant and subject. Its
// error wraps [ErrTampered], or [ErrMasterKey] when the key that wrapped it is not held here.
func (m *Master) Unwrap(tenant, subject string, wrapped []byte) (*Sealer, error) {
	k, first, second, err := m.splitParts(wrapped)
	if err != nil {
		return nil, fmt.Errorf("unwrap keyset: %w", err)
	}
	handle, err := openPart(k, first, bind(partAEAD, tenant, subject))
	if err != nil {
		return nil, fmt.Errorf("unwrap keyset: %w", err)
	}
	columns, err := aead.New(handle)
	if err != nil {
		return nil, fmt.Errorf("use keyset: %w", err)
	}
	second = bytes.Clone(second) // the caller's buffer may be reused before the first stream
	stream := sync.OnceValues(func() (*keyset.Handle, error) {
		handle, err := openPart(k, second, bind(partStream, tenant, subject))
		if err != nil {
			return nil, fmt.Errorf("unwrap keyset: %w", err)
		}
		return handle, nil
	})
	files := sync.OnceValues(func() (tink.StreamingAEAD, error) {
		handle, err := stream()
		if err != nil {
			return nil, err
		}
		return streamingaead.New(handle)
	})
	return &Sealer{columns: columns, stream: stream, files: files, bound: bind("applicant data", tenant, subject)}, nil
}

// Rewrap returns the same keyset wrapped by the newest master key, and whether that changed anything. It is the
// rotation of the master key: no data has to be encrypted again. Errors are those of Unwrap.
func (m *Master) Rewrap(tenant, subject string, wrapped []byte) (rewrapped []byte, changed bool, err error) {
	k, first, second, err := m.splitParts(wrapped)
	if err != nil {
		return nil, false, fmt.Errorf("rewrap keyset: %w", err)
	}
	newest := m.newest()
	if k.id == newest.id {
		return wrapped, false, nil
	}
	first, err = rewrapPart(k, newest, first, bind(partAEAD, tenant, subject))
	if err != nil {
		return nil, false, fmt.Errorf("rewrap keyset: %w", err)
	}
	second, err = rewrapPart(k, newest, second, bind(partStream, tenant, subject))
	if err != nil {
		return nil, false, fmt.Errorf("rewrap keyset: %w", err)
	}
	return joinParts(newest.id, first, second), true, nil
}

// WrappedBy names the master key that wrapped a keyset, in the form of [Master.ID], without opening it. An old master
// key may be thrown away when no stored keyset names it any more.
func WrappedBy(wrapped []byte) (string, error) {
	if len(wrapped) < keysetHeader || wrapped[0] != keysetV1 {
		return "", fmt.Errorf("read keyset header: %w", ErrTampered)
	}
	return hex.EncodeToString(wrapped[1 : 1+keyIDSize]), nil
}

func joinParts(id [keyIDSize]byte, first, second []byte) []byte {
	out := make([]byte, 0, keysetHeader+len(first)+len(second))
	out = append(out, keysetV1)
	out = append(out, id[:]...)
	out = binary.BigEndian.AppendUint16(out, uint16(len(first)))
	out = append(out, first...)
	return append(out, second...)
}

func (m *Master) splitParts(wrapped []byte) (k masterKey, first, second []byte, err error) {
	if len(wrapped) < keysetHeader || wrapped[0] != keysetV1 {
		return masterKey{}, nil, nil, ErrTampered
	}
	k, err = m.key([keyIDSize]byte(wrapped[1:]))
	if err != nil {
		return masterKey{}, nil, nil, err
	}
	n := int(binary.BigEndian.Uint16(wrapped[1+keyIDSize:]))
	rest := wrapped[keysetHeader:]
	if n > len(rest) {
		return masterKey{}, nil, nil, ErrTampered
	}
	return k, rest[:n], rest[n:], nil
}

func newPart(k masterKey, template *tinkpb.KeyTemplate, bound []byte) ([]byte, error) {
	handle, err := keyset.NewHandle(template)
	if err != nil {
		return nil, err
	}
	return wrapPart(k, handle, bound)
}

func wrapPart(k masterKey, handle *keyset.Handle, bound []byte) ([]byte, error) {
	var out bytes.Buffer
	if err := handle.WriteWithAssociatedData(keyset.NewBinaryWriter(&out), k.wrap, bound); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

func openPart(k masterKey, part, bound []byte) (*keyset.Handle, error) {
	handle, err := keyset.ReadWithAssociatedData(keyset.NewBinaryReader(bytes.NewReader(part)), k.wrap, bound)
	if err != nil {
		// Tink's own words add nothing: every cause is that the bytes are not what was written.
		return nil, ErrTampered
	}
	return handle, nil
}

func rewrapPart(from, to masterKey, part, bound []byte) ([]byte, error) {
	handle, err := openPart(from, part, bound)
	if err != nil {
		return nil, err
	}
	return wrapPart(to, handle, bound)
}
