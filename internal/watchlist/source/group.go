package source

// group is the rows of one record.
type group struct {
	rows [][]string
	raw  []byte
}

// groups reads a list that spreads a record over several rows: all rows with the same key are handed over together, when the last of them was read. The
// file is read twice, first only to count the rows of each key; so rows of a record may stand anywhere, and what waits is only what is not complete.
func (s *sink) groups(name string, l layout, key string, take func(h header, id string, g group) error) error {
	left := map[string]int{}
	err := s.rows(name, l, func(_ *table, h header, cells []string) error {
		if left[h.get(cells, key)]++; len(left) > s.in.Limits.Entities {
			return refuse(TooLarge, name, 0, "more than %d records", s.in.Limits.Entities)
		}
		return s.alive()
	})
	if err != nil {
		return err
	}
	noted := len(s.info.Notes)
	waiting := map[string]*group{}
	err = s.rows(name, l, func(c *table, h header, cells []string) error {
		id := h.get(cells, key)
		g := waiting[id]
		if g == nil {
			g = &group{}
			waiting[id] = g
		}
		g.rows = append(g.rows, append([]string(nil), cells...))
		g.raw = append(append(g.raw, c.raw...), '\n')
		if len(g.raw) > s.in.Limits.Record {
			return refuse(TooLarge, name, c.line, "a record of more than %d bytes", s.in.Limits.Record)
		}
		if left[id]--; left[id] > 0 {
			return s.hold(name, len(c.raw)+1)
		}
		delete(waiting, id)
		s.held -= int64(len(g.raw) - len(c.raw) - 1)
		return take(h, id, *g)
	})
	if err != nil {
		return err
	}
	// What the first reading noted of the file's text, the second noted again.
	for i := range s.info.Notes[:noted] {
		s.info.Notes[i].Count = (s.info.Notes[i].Count + 1) / 2
	}
	return nil
}

// text gives the group's rows as they were written.
func (g group) text() string {
	if len(g.raw) == 0 {
		return ""
	}
	return string(g.raw[:len(g.raw)-1])
}
