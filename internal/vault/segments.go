package vault

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	"github.com/tink-crypto/tink-go/v2/insecuresecretdataaccess"
	"github.com/tink-crypto/tink-go/v2/keyset"
	"github.com/tink-crypto/tink-go/v2/streamingaead/aesgcmhkdf"
	"github.com/tink-crypto/tink-go/v2/subtle"
)

// What EncryptingWriter writes (Tink's wire format of AES256-GCM-HKDF-1MB): a header of one byte with its length, 32 bytes of salt and 7 bytes
// of nonce prefix; then segments of SegmentSize bytes, the first shorter by the header and the last as short as it comes, each with a tag of
// TagSize bytes at its end.
const (
	HeaderSize  = 1 + saltSize + prefixSize
	SegmentSize = 1 << 20
	TagSize     = 16

	saltSize   = 32
	prefixSize = 7
)

// Segments gives what opens single segments of a stream that EncryptingWriter wrote for the same applicant and ad, by the header the stream
// begins with (HeaderSize bytes). The function takes the number of a segment from 0, whether it is the stream's last, and its sealed bytes; its
// error wraps [ErrTampered]. Tink itself reads such streams from the beginning only. A segment proves its place in its own stream and nothing
// about which stream that is: whoever reads a part must know the header from a place that is itself proved.
func (s *Sealer) Segments(header, ad []byte) (func(number int64, last bool, sealed []byte) ([]byte, error), error) {
	if len(header) != HeaderSize || header[0] != HeaderSize {
		return nil, fmt.Errorf("open segments: %w", ErrTampered)
	}
	handle, err := s.stream()
	if err != nil {
		return nil, err
	}
	main, hash, err := streamKey(handle)
	if err != nil {
		return nil, fmt.Errorf("open segments: %w", err)
	}
	key, err := subtle.ComputeHKDF(hash, main, header[1:1+saltSize], slices.Concat(s.bound, ad), saltSize)
	if err != nil {
		return nil, fmt.Errorf("open segments: %w", err)
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("open segments: %w", err)
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		return nil, fmt.Errorf("open segments: %w", err)
	}
	prefix := slices.Clone(header[1+saltSize:])
	return func(number int64, last bool, sealed []byte) ([]byte, error) {
		nonce := binary.BigEndian.AppendUint32(slices.Clone(prefix), uint32(number))
		if last {
			nonce = append(nonce, 1)
		} else {
			nonce = append(nonce, 0)
		}
		plain, err := gcm.Open(nil, nonce, sealed, nil)
		if err != nil {
			return nil, fmt.Errorf("open segment: %w", ErrTampered)
		}
		return plain, nil
	}, nil
}

// streamKey gives the key that streams are derived from, and the name of the hash that derives.
func streamKey(handle *keyset.Handle) (key []byte, hash string, err error) {
	primary, err := handle.Primary()
	if err != nil {
		return nil, "", err
	}
	k, ok := primary.Key().(*aesgcmhkdf.Key)
	if !ok {
		return nil, "", errors.New("the streaming key is of another kind")
	}
	p, ok := k.Parameters().(*aesgcmhkdf.Parameters)
	if !ok || p.SegmentSizeInBytes() != SegmentSize || p.DerivedKeySizeInBytes() != saltSize {
		return nil, "", errors.New("the streaming key is for another size of segments")
	}
	return k.KeyBytes().Data(insecuresecretdataaccess.Token{}), p.HKDFHashType().String(), nil
}
