package store

import (
	"fmt"
	"io/fs"
	"strconv"
	"strings"
)

// NewestStep gives the number of the newest step in a database's folder of migrations, whose files are named NNNNN_what.sql.
func NewestStep(folder fs.ReadDirFS) (newest int64, err error) {
	steps, err := folder.ReadDir("migrations")
	if err != nil {
		return 0, fmt.Errorf("read migrations: %w", err)
	}
	for _, step := range steps {
		number, _, _ := strings.Cut(step.Name(), "_")
		n, err := strconv.ParseInt(number, 10, 64)
		if err != nil {
			return 0, fmt.Errorf("read migrations: %w", err)
		}
		newest = max(newest, n)
	}
	return newest, nil
}
