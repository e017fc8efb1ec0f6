package emrtd_test

import (
	"encoding/base64"
	"math/big"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/usher-kyc/usher/internal/emrtd"
	"github.com/usher-kyc/usher/internal/emrtd/synth"
)

// masterList signs a list as the state does that publishes it.
func masterList(t testing.TB, w *world, certificates ...[]byte) []byte {
	t.Helper()
	_ = w.file(t)
	raw, err := synth.MasterList(w.sod, certificates...)
	must(t, err)
	return raw
}

func TestListFormats(t *testing.T) {
	t.Parallel()
	w, other := state(t), state(t)
	other.csca.Country = "XX"
	root, second := w.root(t), other.root(t)
	ml := masterList(t, other, root, second)
	encoded := base64.StdEncoding.EncodeToString(ml)
	ldif := "version: 1\ndn: c=UT\nobjectClass: pkdMasterList\npkdMasterListContent:: " + encoded[:60] + "\n " + encoded[60:] + "\nsn: 1\n"
	damaged := append([]byte{}, ml...)
	damaged[len(damaged)-5] ^= 1
	folder := t.TempDir()
	for name, raw := range map[string][]byte{"ut.cer": root, "xx.pem": pemOf(second), "README.txt": []byte("whatever")} {
		must(t, os.WriteFile(filepath.Join(folder, name), raw, 0o600))
	}
	fromFolder, err := emrtd.Load(folder)
	must(t, err)
	fromFile, err := emrtd.Load(filepath.Join(folder, "xx.pem"))
	must(t, err)
	for name, tt := range map[string]struct {
		list *emrtd.List
		want []string
	}{
		"DER": {list(t, root), []string{"UT"}}, "PEM": {list(t, pemOf(root, second, root)), []string{"UT", "XX"}},
		"master list": {list(t, ml), []string{"UT", "XX"}}, "LDIF": {list(t, []byte(ldif)), []string{"UT", "XX"}},
		"folder": {fromFolder, []string{"UT", "XX"}}, "file": {fromFile, []string{"XX"}},
	} {
		if diff := cmp.Diff(tt.want, tt.list.Countries()); diff != "" || tt.list.Len() != len(tt.want) {
			t.Errorf("%s: %d certificates\n%s", name, tt.list.Len(), diff)
		}
	}
	for name, raw := range map[string][]byte{
		"nothing": nil, "text": []byte("C=UT"), "PEM of nothing": []byte("-----BEGIN CERTIFICATE-----\n"), "cut": ml[:len(ml)-1],
		"changed": damaged, "a security object": w.file(t)[4:], "LDIF of nothing": []byte("dn:: dXQ=\n"),
	} {
		if err := (&emrtd.List{}).Add(raw); err == nil {
			t.Errorf("%s: was taken", name)
		}
	}
	if _, err := emrtd.Load(filepath.Join(folder, "missing")); err == nil {
		t.Error("a file that is not there was read")
	}
	odd := list(t, append([]byte{0x30, 3}, 0x30, 1, 0))
	if odd.Len() != 0 || odd.Unread != 1 {
		t.Error("a certificate that cannot be read is left out and counted")
	}
}

// A state changed its key: the old one vouches for the new one, under the same name.
func TestLinkCertificates(t *testing.T) {
	t.Parallel()
	for name, bare := range map[string]bool{"with identifiers": false, "without": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			old := state(t)
			old.csca.NoIdentifiers = bare
			root := old.root(t)
			next := state(t)
			next.ds.NoIdentifiers = bare
			link, err := synth.Certificate(old.authority, synth.CertificateSpec{
				Country: "UT", Subject: "CSCA", Issuer: "CSCA", Serial: big.NewInt(3), From: now.AddDate(-2, 0, 0), To: now.AddDate(9, 0, 0),
				Key: next.authority.Key, CA: true, NoIdentifiers: bare,
			})
			must(t, err)
			sod := parse(t, next.file(t))
			proof, err := sod.Verify(list(t, link, root))
			must(t, err)
			if len(proof.Authorities) != 2 || proof.Authorities[0].Serial.Int64() != 3 {
				t.Errorf("%d authorities", len(proof.Authorities))
			}
			_, err = sod.Verify(list(t, link))
			wantCode(t, err, emrtd.CodeUnknownIssuer)
			_, err = sod.Verify(list(t, link, state(t).root(t)))
			wantCode(t, err, emrtd.CodeUnknownIssuer)
		})
	}
}
