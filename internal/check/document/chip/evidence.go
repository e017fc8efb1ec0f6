package chip

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/emrtd"
)

// MaxFile is the largest data group that is taken, in bytes: a portrait has 15 to 50 thousand.
const MaxFile = 1 << 20

// numbers are the data groups by kind of evidence. It is never written to.
var numbers = map[usher.EvidenceKind]int{
	usher.ChipDG1: 1, usher.ChipDG2: 2, usher.ChipDG11: 11, usher.ChipDG12: 12, usher.ChipDG14: 14, usher.ChipDG15: 15,
}

// Is tells whether a kind of evidence is a file of a chip.
func Is(kind usher.EvidenceKind) bool { return kind == usher.ChipSOD || numbers[kind] != 0 }

// Accept refuses, when it comes in, a file that cannot be what it is called: by its size and by its first byte, the tag of
// the file. Everything else is for the check to say.
func Accept(kind usher.EvidenceKind, raw []byte) error {
	tags := map[usher.EvidenceKind]byte{
		usher.ChipSOD: 0x77, usher.ChipDG1: 0x61, usher.ChipDG2: 0x75, usher.ChipDG11: 0x6b, usher.ChipDG12: 0x6c, usher.ChipDG14: 0x6e,
		usher.ChipDG15: 0x6f,
	}
	most := MaxFile
	if kind == usher.ChipSOD {
		most = emrtd.MaxSOD
	}
	switch {
	case len(raw) > most:
		return &usher.Error{Code: usher.CodeLimited, Field: "file", Detail: "too_large", Message: fmt.Sprintf("the file has more than %d KB, which no such file of a chip has", most>>10)}
	case len(raw) < 2 || raw[0] != tags[kind]:
		return &usher.Error{
			Code: usher.CodeInvalid, Field: "file", Detail: "not_a_chip_file",
			Message: fmt.Sprintf("the file is not %s: that begins with the byte %02x; send it as the chip gave it", kind, tags[kind]),
		}
	}
	return nil
}

// ContentType names what a file of a chip is when it is handed out. A portrait that can be shown says so.
func ContentType(kind usher.EvidenceKind, raw []byte) string {
	if kind == usher.ChipDG2 {
		if p, err := emrtd.PortraitOf(raw); err == nil && p.Format == emrtd.JPEG {
			return usher.PortraitFile
		}
	}
	return "application/octet-stream"
}

// file is one file of the chip.
type file struct {
	kind   usher.EvidenceKind
	number int // of the data group; 0 for the security object
	raw    []byte
}

// read fetches the files of the chip there are.
func read(ctx context.Context, in usher.CheckInput) (files []file, ids []string, err error) {
	for _, kind := range usher.ChipFiles() {
		e, ok := in.Find(kind)
		if !ok {
			continue
		}
		body, err := e.Open(ctx)
		if err != nil {
			return nil, nil, fmt.Errorf("open %s: %w", kind, err)
		}
		raw, err := io.ReadAll(io.LimitReader(body, MaxFile))
		if err := errors.Join(err, body.Close()); err != nil {
			return nil, nil, fmt.Errorf("read %s: %w", kind, err)
		}
		files, ids = append(files, file{kind, numbers[kind], raw}), append(ids, e.ID)
	}
	return files, ids, nil
}
