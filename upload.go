package usher

import (
	"context"
	"io"
)

// Upload names a file that comes in piece by piece: whose it is, and what it will be when all of it has come.
type Upload struct {
	Tenant, Applicant, Session string
	SHA256                     string // of the whole file, 64 lower case hexadecimal digits
}

// Uploads keeps the beginnings of files, sealed with the applicant's keys, so that a lost connection costs a piece and not the whole. What has
// come outlives the process; nobody is told of it before it is complete, and what is left unfinished is forgotten after a day.
type Uploads interface {
	// Received gives how many bytes of an upload have come.
	Received(ctx context.Context, u Upload) (int64, error)
	// Append takes the piece that begins at offset and gives how many bytes have come. A piece that begins elsewhere is dropped, and the number
	// says where to go on.
	Append(ctx context.Context, u Upload, offset int64, piece []byte) (int64, error)
	// Open gives what has come, from the beginning.
	Open(ctx context.Context, u Upload) (io.ReadCloser, error)
	// Discard forgets an upload.
	Discard(ctx context.Context, u Upload) error
}
