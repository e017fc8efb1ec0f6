package storetest

import (
	"errors"

	"github.com/usher-kyc/usher/internal/store"
)

// rings are the tests of which server has which master keys.
func rings() map[string]func(*house) {
	return map[string]func(*house){
		"a master key is dropped that no server seals with": dropped,
		"a server that does not say its keys may use any":   silentNode,
	}
}

func (h *house) drop(id string) []store.Ring {
	h.Helper()
	using, err := h.DropKey(ctx(), id, h.now)
	h.must(err)
	return using
}

func dropped(h *house) {
	h.must(h.UseRing(ctx(), []string{"old"}))
	mine := store.Ring{Node: h.Node(), Keys: []string{"old"}}
	same(h, "sealing with it", h.drop("old"), []store.Ring{mine})
	gone, err := h.KeyDropped(ctx(), "old")
	h.must(err)
	same(h, "dropped while it seals", gone, false)

	h.must(h.UseRing(ctx(), []string{"new", "old"}))
	mine.Keys = []string{"new", "old"}
	list, err := h.Rings(ctx())
	h.must(err)
	same(h, "rings", list, []store.Ring{mine})
	same(h, "sealing with it, once another does", len(h.drop("old")), 0)
	same(h, "dropped twice", len(h.drop("old")), 0)
	gone, err = h.KeyDropped(ctx(), "old")
	h.must(err)
	same(h, "dropped", gone, true)
	h.wants(h.UseRing(ctx(), []string{"old"}), store.ErrConflict)
	h.must(h.UseRing(ctx(), []string{"new", "old"})) // one that opens only does no harm

	h.must(h.KeepKey(ctx(), "old"))
	h.must(h.UseRing(ctx(), []string{"old"}))
	h.must(h.Leave(ctx()))
	same(h, "sealing with it, once the server has ended", len(h.drop("old")), 0)
}

func silentNode(h *house) {
	_, err := h.Beat(ctx(), h.now)
	h.must(err)
	same(h, "may seal with it", h.drop("old"), []store.Ring{{Node: h.Node()}})
	h.must(h.UseRing(ctx(), []string{"new"}))
	same(h, "may seal with it, once it has said", len(h.drop("old")), 0)
	h.must(h.UseRing(ctx(), []string{"new"}))
	h.must(h.Bury(ctx(), h.Node(), h.now))
	list, err := h.Rings(ctx())
	h.must(err)
	same(h, "rings of the dead", len(list), 0)
}

// raceRings has a key dropped while servers begin to seal with it: one of both happens, or the other.
func raceRings(n *nodes) {
	for range 10 {
		n.must(errors.Join(n.KeepKey(ctx(), "old"), n.both[0].Leave(ctx()), n.both[1].Leave(ctx())))
		errs := atOnce(4, func(i int) error {
			if i < 2 {
				return n.both[i].UseRing(ctx(), []string{"old"})
			}
			_, err := n.both[i-2].DropKey(ctx(), "old", n.now)
			return err
		})
		n.must(errors.Join(errs[2:]...))
		gone, err := n.KeyDropped(ctx(), "old")
		n.must(err)
		list, err := n.Rings(ctx())
		n.must(err)
		if gone != (len(list) == 0) {
			n.Fatalf("dropped: %v, and sealed with by %v", gone, list)
		}
		for _, err := range errs[:2] {
			if (err != nil) != gone {
				n.Fatalf("dropped: %v, and a server that seals with it was told %v", gone, err)
			}
		}
	}
}
