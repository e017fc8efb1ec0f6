package usher_test

import (
	"testing"

	"github.com/usher-kyc/usher"
)

func TestChangedAddressIsProvedAnew(t *testing.T) {
	t.Parallel()
	p := playOf(t, usher.Live, usher.Step{Kind: usher.StepDetails}, usher.Step{Kind: usher.StepContact, Verify: usher.Channels()}, decide)
	proof := func(c usher.Channel, to string) usher.Command {
		return usher.Command{Kind: usher.CmdProveContact, By: applicant, Step: "contact", Contact: &usher.ContactProof{Channel: c, Address: to}}
	}
	p.must(t, done("details"))
	p.must(t, proof(usher.ByEmail, "old@example.test"))
	p.refuses(t, done("contact"), usher.CodeConflict)
	p.must(t, proof(usher.ByPhone, "4670"))
	if len(p.s.Asked()) != 0 {
		t.Fatalf("still asked: %v", p.s.Asked())
	}
	changed := done("details")
	changed.Changed = []string{"last_name", "email"}
	p.must(t, changed)
	if cur, _, _ := p.s.Current(); cur.ID != "contact" || len(cur.Proved) != 1 {
		t.Fatalf("now it is the turn of %s, with %v", cur.ID, cur.Proved)
	}
	p.must(t, proof(usher.ByEmail, "new@example.test"))
	p.must(t, send)
	p.is(t, usher.InReview)
}
