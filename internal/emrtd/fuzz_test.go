package emrtd_test

import (
	"testing"
	"time"

	"github.com/usher-kyc/usher/internal/emrtd"
	"github.com/usher-kyc/usher/internal/emrtd/synth"
)

func FuzzSOD(f *testing.F) {
	w := state(f)
	whole := w.file(f)
	f.Add(whole)
	f.Add(whole[4:])
	w.signer.Key.Explicit = true
	f.Add(w.file(f))
	w.use(w.authority, synth.Signer{Key: rsaKey(f, 1), Method: synth.PSS, Hash: w.signer.Hash})
	f.Add(w.file(f))
	l := list(f, w.root(f))
	f.Fuzz(func(t *testing.T, raw []byte) {
		s, err := emrtd.ParseSOD(raw)
		if err != nil {
			return
		}
		if proof, err := s.Verify(l); err == nil {
			proof.Doubts(time.Time{}, now)
		}
		for n := range s.Groups {
			s.Compare(n, raw)
		}
	})
}

func FuzzList(f *testing.F) {
	w := state(f)
	root := w.root(f)
	f.Add(root)
	f.Add(pemOf(root))
	f.Add(masterList(f, w, root))
	f.Add([]byte("dn: c=UT\nuserCertificate;binary:: MAA=\n"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		l := &emrtd.List{}
		_ = l.Add(raw) // an error is as good as a list
		l.Countries()
	})
}

func FuzzGroups(f *testing.F) {
	f.Add(synth.DG1(zone...))
	f.Add(synth.DG2([]byte("\xff\xd8\xff picture")))
	f.Add(synth.DG11("ERIKSSON<<ANNA", "1", "19740812", "HERE"))
	f.Add(synth.DG12("POLICE", "20250102"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		if lines, err := emrtd.MRZ(raw); err == nil && len(lines) < 2 {
			t.Error("a zone of fewer than two lines")
		}
		if p, err := emrtd.PortraitOf(raw); err == nil && len(p.Data) == 0 {
			t.Error("a portrait of nothing")
		}
		_, _ = emrtd.Details(raw)
	})
}
