package move

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/jackc/pgx/v5"

	"github.com/usher-kyc/usher/internal/store/postgres"
	"github.com/usher-kyc/usher/internal/store/sqlite"
)

// Level gives the number of the newest step of a database's schema, without changing it: of the one at url, or of SQLite in dir when url is "".
// It is 0 where there is no schema yet.
func Level(ctx context.Context, dir, url string) (level int64, err error) {
	if url == "" {
		file := filepath.Join(dir, "usher.db")
		if _, err := os.Stat(file); errors.Is(err, os.ErrNotExist) {
			return 0, nil
		}
		s, err := open(ctx, file, "busy_timeout(10000)", "query_only(ON)")
		if err != nil {
			return 0, err
		}
		defer s.close()
		var there int
		if err := s.conn.QueryRowContext(ctx, `SELECT count(*) FROM sqlite_master WHERE name = 'goose_db_version'`).Scan(&there); err != nil || there == 0 {
			return 0, err
		}
		return level, s.conn.QueryRowContext(ctx, `SELECT max(version_id) FROM goose_db_version WHERE is_applied`).Scan(&level)
	}
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return 0, fmt.Errorf("reach database: %w", err)
	}
	defer conn.Close(context.WithoutCancel(ctx))
	var there bool
	if err := conn.QueryRow(ctx, `SELECT to_regclass('goose_db_version') IS NOT NULL`).Scan(&there); err != nil || !there {
		return 0, err
	}
	return level, conn.QueryRow(ctx, `SELECT max(version_id) FROM goose_db_version WHERE is_applied`).Scan(&level)
}

// Newest gives the number of the newest step that this version knows, for the database at url, or SQLite when url is "".
func Newest(url string) (int64, error) {
	if url == "" {
		return sqlite.Newest()
	}
	return postgres.Newest()
}
