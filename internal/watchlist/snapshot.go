package watchlist

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"unsafe"
)

// A snapshot is a header and then its sections, each an array of fixed-size numbers in little-endian order or of bytes, aligned to eight bytes. An
// index is nothing but views of a snapshot's bytes, so opening one costs reading it once for its checksum, and memory holds only what searches touch.
//
//	0   magic "usherwl\n"
//	8   format version, uint32
//	12  CRC-32C of the rest of the header, uint32
//	16  algorithm, 32 bytes, padded with zeros
//	48  CRC-32C of everything after the header, uint32; reserved, uint32
//	56  length of everything after the header, uint64
//	64  for each section: offset from the end of the header, length in bytes, both uint64

const (
	snapshotMagic  = "usherwl\n"
	snapshotFormat = 2
	algorithmBytes = 32
	headerSize     = 64 + 16*int(sectionCount)
)

// section names one array of a snapshot.
type section int

const (
	secRecords         section = iota // records, one after another: see record.go
	secRecordEnds                     // two uint64 per entity: where the fields of its record end, and its raw text
	secVersions                       // JSON
	secLabels                         // JSON: names of lists and topics, see labels
	secWordText                       // the dictionary's words, one after another
	secWordEnds                       // uint32 per word
	secWordFacts                      // uint32 per word: see wordFacts
	secWordSound                      // uint64 per word
	secWordCoarse                     // uint64 per word
	secKeyStarts                      // uint32 per bucket of the key table, one more at the end
	secKeyWords                       // uint32 per entry: a word
	secKeyMarks                       // uint8 per entry: bits of the key's hash that tell entries of a bucket apart
	secPostStarts                     // uint32 per word, one more at the end
	secPosts                          // uint32 per posting: a name
	secNameStarts                     // uint32 per name, one more at the end: its first word
	secNameWords                      // uint32 per word of a name: a word of the dictionary
	secNameEntity                     // uint32 per name
	secNameFacts                      // uint32 per name: see nameFacts
	secNameText                       // names as listed, one after another
	secNameEnds                       // uint32 per name
	secEntityNameEnds                 // uint32 per entity
	secEntityNames                    // uint32: names, entity by entity
	secEntityFacts                    // uint32 per entity: see entityFacts
	secEntityTopics                   // uint32 per entity: bits
	secBirthEnds                      // uint32 per entity
	secBirths                         // uint32: from, to (yyyymmdd), two per range
	secCountryEnds                    // uint32 per entity
	secCountries                      // uint16 per country: its two letters
	secIDHashes                       // uint64, ascending: hashes of identity numbers
	secIDEntities                     // uint32 per hash
	secKeyOfEntity                    // ids within lists, one after another
	secKeyOfEntityEnds                // uint32 per entity
	sectionCount
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// snapshotWriter writes a snapshot's sections in any order; finish puts the header before them.
type snapshotWriter struct {
	w      io.Writer // after the header
	at     uint64
	sum    uint32
	places [sectionCount][2]uint64
}

// Write appends to the section begun last.
func (s *snapshotWriter) Write(b []byte) (int, error) {
	n, err := s.w.Write(b)
	s.at += uint64(n)
	s.sum = crc32.Update(s.sum, castagnoli, b[:n])
	if err != nil {
		return n, fmt.Errorf("write snapshot: %w", err)
	}
	return n, nil
}

func (s *snapshotWriter) begin(id section) error {
	var pad [8]byte
	if _, err := s.Write(pad[:-s.at&7]); err != nil {
		return err
	}
	s.places[id][0] = s.at
	return nil
}

func (s *snapshotWriter) end(id section) { s.places[id][1] = s.at - s.places[id][0] }

// writeSection writes a whole section of numbers or bytes.
func writeSection[T number](s *snapshotWriter, id section, values []T) error {
	if err := s.begin(id); err != nil {
		return err
	}
	defer s.end(id)
	if len(values) == 0 {
		return nil
	}
	size := int(unsafe.Sizeof(values[0]))
	_, err := s.Write(unsafe.Slice((*byte)(unsafe.Pointer(&values[0])), len(values)*size))
	return err
}

type number interface {
	~uint8 | ~uint16 | ~uint32 | ~uint64
}

func (s *snapshotWriter) header() []byte {
	h := make([]byte, headerSize)
	copy(h, snapshotMagic)
	binary.LittleEndian.PutUint32(h[8:], snapshotFormat)
	copy(h[16:16+algorithmBytes], Algorithm)
	binary.LittleEndian.PutUint32(h[48:], s.sum)
	binary.LittleEndian.PutUint64(h[56:], s.at)
	for i, p := range s.places {
		binary.LittleEndian.PutUint64(h[64+16*i:], p[0])
		binary.LittleEndian.PutUint64(h[72+16*i:], p[1])
	}
	binary.LittleEndian.PutUint32(h[12:], crc32.Checksum(h[16:], castagnoli))
	return h
}

// sections checks a header and gives where the sections are. rest is how many bytes follow the header.
func sections(h []byte, rest int64) (places [sectionCount][2]uint64, sum uint32, err error) {
	if len(h) < headerSize || string(h[:8]) != snapshotMagic {
		return places, 0, fmt.Errorf("%w: it does not begin like one", ErrDamaged)
	}
	if v := binary.LittleEndian.Uint32(h[8:]); v != snapshotFormat {
		return places, 0, fmt.Errorf("%w: format %d, this program reads %d", ErrFormat, v, snapshotFormat)
	}
	if crc32.Checksum(h[16:headerSize], castagnoli) != binary.LittleEndian.Uint32(h[12:]) {
		return places, 0, fmt.Errorf("%w: checksum of its header", ErrDamaged)
	}
	if a := string(bytes.TrimRight(h[16:16+algorithmBytes], "\x00")); a != Algorithm {
		return places, 0, fmt.Errorf("%w: algorithm %q, this program has %q", ErrFormat, a, Algorithm)
	}
	length := binary.LittleEndian.Uint64(h[56:])
	if rest < 0 || length != uint64(rest) {
		return places, 0, fmt.Errorf("%w: %d bytes long where %d belong", ErrDamaged, rest, length)
	}
	for i := range places {
		places[i] = [2]uint64{binary.LittleEndian.Uint64(h[64+16*i:]), binary.LittleEndian.Uint64(h[72+16*i:])}
		if places[i][0] > length || places[i][1] > length-places[i][0] || places[i][0]%8 != 0 {
			return places, 0, fmt.Errorf("%w: a section lies outside", ErrDamaged)
		}
	}
	return places, binary.LittleEndian.Uint32(h[48:]), nil
}

// view gives a section as numbers, without copying.
func view[T number](body []byte, place [2]uint64) []T {
	var zero T
	n := int(place[1]) / int(unsafe.Sizeof(zero))
	if n == 0 {
		return nil
	}
	return unsafe.Slice((*T)(unsafe.Pointer(&body[place[0]])), n)
}

// Open opens the snapshot at path. The file is checked as a whole and then mapped into memory where the system can, so it must not be changed in
// place; replacing it by renaming is fine. An error that wraps ErrDamaged or ErrFormat means that it must be built again.
func Open(path string) (*Index, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("open snapshot: %w", err)
	}
	ix, err := openFile(f)
	if err != nil {
		_ = f.Close()
		return nil, err
	}
	return ix, nil
}

// openFile is Open for a file that is open. Where it can be mapped it stays so as long as the index is in use.
func openFile(f *os.File) (*Index, error) {
	info, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("open snapshot: %w", err)
	}
	h := make([]byte, headerSize)
	if _, err := io.ReadFull(f, h); err != nil {
		return nil, fmt.Errorf("open snapshot: %w: shorter than a header", ErrDamaged)
	}
	places, want, err := sections(h, info.Size()-int64(headerSize))
	if err != nil {
		return nil, fmt.Errorf("open snapshot: %w", err)
	}
	// The sum is taken by reading, not through the mapping: mapped pages that were touched count as the process's memory.
	sum := crc32.New(castagnoli)
	if _, err := io.CopyBuffer(sum, onlyReader{f}, make([]byte, 1<<20)); err != nil {
		return nil, fmt.Errorf("read snapshot: %w", err)
	}
	if sum.Sum32() != want {
		return nil, fmt.Errorf("open snapshot: %w: checksum of its content", ErrDamaged)
	}
	data, file, letGo, err := mapFile(f, int(info.Size()))
	if err != nil {
		return nil, fmt.Errorf("map snapshot: %w", err)
	}
	ix, err := newIndex(data, file, places)
	if err != nil {
		letGo()
		return nil, fmt.Errorf("open snapshot: %w", err)
	}
	runtime.AddCleanup(ix, func(letGo func()) { letGo() }, letGo)
	return ix, nil
}

// onlyReader hides a file's other methods, so that io.CopyBuffer uses the buffer it is given.
type onlyReader struct{ io.Reader }

// openBytes opens a snapshot that lies in memory.
func openBytes(data []byte) (*Index, error) {
	places, want, err := sections(data, int64(len(data)-headerSize))
	if err != nil {
		return nil, err
	}
	if crc32.Checksum(data[headerSize:], castagnoli) != want {
		return nil, fmt.Errorf("%w: checksum of its content", ErrDamaged)
	}
	return newIndex(data, bytes.NewReader(data), places)
}

// WriteTo writes the index as a snapshot.
func (ix *Index) WriteTo(w io.Writer) (int64, error) {
	n, err := w.Write(ix.data)
	runtime.KeepAlive(ix)
	if err != nil {
		return int64(n), fmt.Errorf("write snapshot: %w", err)
	}
	return int64(n), nil
}

// Save writes the index to path as a snapshot: whole or, after an error, not at all.
func (ix *Index) Save(path string) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".snapshot-*")
	if err != nil {
		return fmt.Errorf("save snapshot: %w", err)
	}
	_, err = ix.WriteTo(f)
	return settle(f, path, err)
}

// settle closes a temporary file and, if nothing failed, gives it its name.
func settle(f *os.File, path string, err error) error {
	if err == nil {
		err = f.Sync()
	}
	if e := f.Close(); err == nil {
		err = e
	}
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		_ = os.Remove(f.Name())
		return fmt.Errorf("save snapshot: %w", err)
	}
	return nil
}

// labels are the texts that numbers in the entity sections stand for.
type labels struct {
	Lists  []string `json:"lists"`
	Topics []string `json:"topics"`
}

func decodeSection[T any](data []byte, place [2]uint64) (v T, err error) {
	if err := json.Unmarshal(view[byte](data, place), &v); err != nil {
		return v, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	return v, nil
}
