package store

// away is the error of a database that cannot be reached or has no room. It says of itself that it passes (see [usher.Passes]).
type away struct{ error }

func (a away) Unwrap() error { return a.error }

// Passes is true.
func (away) Passes() bool { return true }

// told gives an error as those above have it.
func (s *Store) told(err error) error {
	if err != nil && s.c.Away != nil && s.c.Away(err) {
		return away{err}
	}
	return err
}
