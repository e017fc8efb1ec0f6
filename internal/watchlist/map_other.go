//go:build !unix

package watchlist

import (
	"bytes"
	"io"
	"os"
)

// mapFile reads the file where mapping it is not to be had, and closes it.
func mapFile(f *os.File, size int) (data []byte, file io.ReaderAt, letGo func(), err error) {
	data = make([]byte, size)
	if _, err := f.ReadAt(data, 0); err != nil && err != io.EOF {
		return nil, nil, nil, err
	}
	return data, bytes.NewReader(data), func() {}, f.Close()
}
