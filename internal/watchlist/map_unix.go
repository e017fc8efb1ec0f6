//go:build unix

package watchlist

import (
	"io"
	"os"
	"syscall"
)

// mapFile maps a file for reading and gives it itself too, for what is better read than mapped. The function it gives back ends the mapping and closes
// the file.
func mapFile(f *os.File, size int) (data []byte, file io.ReaderAt, letGo func(), err error) {
	data, err = syscall.Mmap(int(f.Fd()), 0, size, syscall.PROT_READ, syscall.MAP_SHARED)
	if err != nil {
		return nil, nil, nil, err
	}
	return data, f, func() {
		_ = syscall.Munmap(data)
		_ = f.Close()
	}, nil
}
