package sqlite

import (
	"fmt"
	"strconv"
	"strings"
)

// Newest gives the number of the newest step of the schema that this version knows.
func Newest() (newest int64, err error) {
	steps, err := migrations.ReadDir("migrations")
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
