package postgrestest

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/usher-kyc/usher/internal/store"
	"github.com/usher-kyc/usher/internal/store/postgres"
)

// shared is the server of this process.
var shared = sync.OnceValues(func() (*Server, error) {
	if base := os.Getenv("USHER_TEST_DATABASE"); base != "" {
		return &Server{base: base}, nil
	}
	return start(false)
})

// Shared gives the server that all tests of this process use.
func Shared(t testing.TB) *Server {
	t.Helper()
	s, err := shared()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// URL gives a database on the shared server, with the schema and no rows, that goes when the test ends.
func URL(t testing.TB) string {
	t.Helper()
	return Shared(t).URL(t)
}

// Tail is how long lists wait for transactions under way in tests: another test may be making a database on the same server just then.
const Tail = 30 * time.Second

// Open opens a database on the shared server.
func Open(t testing.TB, c postgres.Config) *store.Database {
	t.Helper()
	if c.URL == "" {
		c.URL = URL(t)
	}
	if c.Tail == 0 {
		c.Tail = Tail
	}
	db, err := postgres.Open(context.Background(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Store.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

// template is a database with the schema, made once and copied for each test.
type template struct {
	once sync.Once
	name string
	err  error
}

// URL gives a database with the schema and no rows that goes when the test ends.
func (s *Server) URL(t testing.TB) string {
	t.Helper()
	name, err := s.fresh()
	return s.until(t, name, err)
}

// Kept gives one that stays for as long as the server: for a test that is done in parts.
func (s *Server) Kept(t testing.TB) string {
	t.Helper()
	name, err := s.fresh()
	if err != nil {
		t.Fatal(err)
	}
	return s.Named(name)
}

// Bare gives a database without a schema that goes when the test ends.
func (s *Server) Bare(t testing.TB) string {
	t.Helper()
	name, err := s.copy("")
	return s.until(t, name, err)
}

func (s *Server) fresh() (string, error) {
	s.made.once.Do(func() {
		s.made.name = "usher_empty_" + strings.ToLower(rand.Text())
		s.made.err = s.template(s.made.name)
	})
	if s.made.err != nil {
		return "", s.made.err
	}
	return s.copy(" TEMPLATE " + s.made.name)
}

// copy makes a database.
func (s *Server) copy(of string) (string, error) {
	name := "usher_" + strings.ToLower(rand.Text())
	return name, s.Do(`CREATE DATABASE ` + name + of)
}

// until drops a database when the test ends, and gives its URL.
func (s *Server) until(t testing.TB, name string, err error) string {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Do(`DROP DATABASE ` + name + ` WITH (FORCE)`); err != nil {
			t.Error(err)
		}
	})
	return s.Named(name)
}

// Named gives the URL of a database of the server.
func (s *Server) Named(name string) string {
	u, err := url.Parse(s.base)
	if err != nil {
		return s.base // what uses it says so
	}
	u.Path = "/" + name
	return u.String()
}

func (s *Server) template(name string) error {
	if err := s.Do(`CREATE DATABASE ` + name); err != nil {
		return err
	}
	db, err := postgres.Open(context.Background(), postgres.Config{URL: s.Named(name)})
	if err != nil {
		return err
	}
	return db.Store.Close()
}

// Do runs a statement as the server's owner.
func (s *Server) Do(statement string) error { return Run(s.Named("postgres"), statement) }

// Run runs a statement on a database, over a connection of its own.
func Run(url, statement string) error {
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return fmt.Errorf("reach PostgreSQL: %w", err)
	}
	defer conn.Close(ctx)
	if _, err := conn.Exec(ctx, statement); err != nil {
		return fmt.Errorf("run statement: %w", err)
	}
	return nil
}
