package sqlite

import (
	"errors"

	driver "modernc.org/sqlite"
	codes "modernc.org/sqlite/lib"
)

// away tells whether something failed since the disk has no room, cannot be written or read, or is held by another program. The lowest byte of a
// result code is its kind (https://www.sqlite.org/rescode.html).
func away(err error) bool {
	told, ok := errors.AsType[*driver.Error](err)
	if !ok {
		return false
	}
	switch told.Code() & 0xff {
	case codes.SQLITE_FULL, codes.SQLITE_IOERR, codes.SQLITE_CANTOPEN, codes.SQLITE_READONLY, codes.SQLITE_BUSY, codes.SQLITE_LOCKED:
		return true
	}
	return false
}
