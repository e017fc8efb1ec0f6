package receipt

import (
	"bytes"
	"compress/zlib"
	"crypto/ecdsa"
	"errors"
	"fmt"
	"io"
	"time"
)

// ListSize is how many receipts share one status list. A list of them that all hold is a few hundred bytes on the wire.
const ListSize = 1 << 17

// StatusType is the media type of a status list.
const StatusType = "application/statuslist+jwt"

const statusJWT = "statuslist+jwt"

// statusPayload is a Token Status List (draft-ietf-oauth-status-list, 5.1): one bit for each receipt, 1 when it does not hold any more.
type statusPayload struct {
	Sub  string     `json:"sub"`
	Iat  int64      `json:"iat"`
	Exp  int64      `json:"exp"`
	TTL  int64      `json:"ttl"`
	List statusBits `json:"status_list"`
}

type statusBits struct {
	Bits int    `json:"bits"`
	List string `json:"lst"` // base64url of ZLIB (RFC 1950) of the bits, lowest bit of each byte first
}

// statusList signs the list at an address, in which some places are revoked.
func statusList(key *ecdsa.PrivateKey, kid, uri string, revoked []int64, now time.Time, ttl time.Duration) (string, error) {
	bits := make([]byte, ListSize/8)
	for _, i := range revoked {
		if i >= 0 && i < ListSize {
			bits[i/8] |= 1 << (i % 8)
		}
	}
	var packed bytes.Buffer
	z := zlib.NewWriter(&packed)
	if _, err := z.Write(bits); err != nil {
		return "", fmt.Errorf("pack status list: %w", err)
	}
	if err := z.Close(); err != nil {
		return "", fmt.Errorf("pack status list: %w", err)
	}
	return sign(key, kid, statusJWT, statusPayload{
		Sub: uri, Iat: now.Unix(), Exp: now.Add(24 * time.Hour).Unix(), TTL: int64(ttl / time.Second),
		List: statusBits{Bits: 1, List: encode(packed.Bytes())},
	})
}

// Revoked tells from a status list whether a receipt does not hold any more: its approval was taken back, or the person's data were erased.
func Revoked(list string, keys []Key, ref StatusRef, now time.Time) (bool, error) {
	if len(list) > mostText {
		return false, errors.New("read status list: it is too long")
	}
	var p statusPayload
	if err := open(string(bytes.TrimSpace([]byte(list))), statusJWT, keys, &p); err != nil {
		return false, fmt.Errorf("read status list: %w", err)
	}
	switch {
	case p.Sub != ref.URI:
		return false, errors.New("read status list: it is another list than the receipt names")
	case !now.Before(time.Unix(p.Exp, 0)):
		return false, errors.New("read status list: it is out of date")
	case p.List.Bits != 1:
		return false, errors.New("read status list: it has another form")
	}
	packed, err := decode(p.List.List)
	if err != nil {
		return false, errors.New("read status list: it has another form")
	}
	z, err := zlib.NewReader(bytes.NewReader(packed))
	if err != nil {
		return false, errors.New("read status list: it is not packed as it should be")
	}
	bits, err := io.ReadAll(io.LimitReader(z, mostText))
	if err != nil {
		return false, errors.New("read status list: it is not packed as it should be")
	}
	if ref.Index < 0 || ref.Index/8 >= int64(len(bits)) {
		return false, errors.New("read status list: the receipt's place is not in it")
	}
	return bits[ref.Index/8]>>(ref.Index%8)&1 == 1, nil
}
