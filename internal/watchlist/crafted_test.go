package watchlist

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"slices"
	"testing"
)

// TestCraftedSnapshots makes every section shorter and empty in turn, with checksums that are right: sections that do not fit each other are refused when
// the snapshot is opened, not found out by a search.
func TestCraftedSnapshots(t *testing.T) {
	t.Parallel()
	ix, err := Build(slices.Values([]Entity{
		{
			List: "gotham", ID: "1", Kind: Person, Names: []Name{{Full: "Arkadi Zorvanov"}, {Full: "Arkady Zorvanoff"}}, Countries: []string{"RU"},
			Births: []DateRange{{From: "1961-04-09", To: "1961-04-09"}}, IDs: []ID{{Kind: "passport", Value: "751234567"}}, Topics: []string{"sanction"},
		},
		{List: "gotham", ID: "2", Kind: Person, Names: []Name{{Full: "Amira Mithali"}}},
	}), []Version{{List: "gotham"}})
	if err != nil {
		t.Fatal(err)
	}
	for s := range sectionCount {
		was := binary.LittleEndian.Uint64(ix.data[72+16*s:])
		if was == 0 {
			t.Errorf("section %d is empty: it is not put to the test", s)
		}
		for _, length := range []uint64{0, was / 2, was - 1, was - 8} {
			if length >= was {
				continue
			}
			data := bytes.Clone(ix.data)
			binary.LittleEndian.PutUint64(data[72+16*s:], length)
			binary.LittleEndian.PutUint32(data[12:], crc32.Checksum(data[16:headerSize], castagnoli))
			if _, err := openBytes(data); !errors.Is(err, ErrDamaged) {
				t.Errorf("section %d of %d bytes instead of %d: error %v", s, length, was, err)
			}
		}
	}
}
