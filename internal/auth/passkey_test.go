package auth_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/auth"
	way "github.com/usher-kyc/usher/internal/door"
)

// key is an authenticator with one passkey (ES256), as far as WebAuthn asks: it does what it is told, also what it should not.
type key struct {
	private *ecdsa.PrivateKey
	id      []byte
	handle  []byte
	count   uint32

	origin, rpid string // where it believes to be
	flags        byte   // of authenticator data
}

const (
	present  = 0x01
	verified = 0x04
	attested = 0x40
)

func newKey(t testing.TB) *key {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	id := make([]byte, 16)
	_, _ = rand.Read(id)
	return &key{private: private, id: id, origin: deskURL, rpid: "desk.example.test", flags: present | verified}
}

func b64(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// client gives the client data that a browser would sign along.
func (k *key) client(kind, challenge string) []byte {
	raw, _ := json.Marshal(map[string]any{"type": kind, "challenge": challenge, "origin": k.origin, "crossOrigin": false}) // strings always marshal
	return raw
}

// data gives authenticator data (WebAuthn 3, section 6.1).
func (k *key) data(flags byte, more []byte) []byte {
	hash := sha256.Sum256([]byte(k.rpid))
	out := append(hash[:], flags)
	out = binary.BigEndian.AppendUint32(out, k.count)
	return append(out, more...)
}

// options are those of a challenge, as far as an authenticator needs them.
type options struct {
	Challenge string `json:"challenge"`
	User      struct {
		ID string `json:"id"`
	} `json:"user"`
	AllowCredentials []struct {
		ID string `json:"id"`
	} `json:"allowCredentials"`
	UserVerification       string `json:"userVerification"`
	AuthenticatorSelection struct {
		ResidentKey      string `json:"residentKey"`
		UserVerification string `json:"userVerification"`
	} `json:"authenticatorSelection"`
}

func read(t testing.TB, raw json.RawMessage) options {
	t.Helper()
	var o options
	if err := json.Unmarshal(raw, &o); err != nil {
		t.Fatal(err)
	}
	return o
}

// make answers navigator.credentials.create.
func (k *key) make(t testing.TB, o options) []byte {
	t.Helper()
	handle, err := base64.RawURLEncoding.DecodeString(o.User.ID)
	if err != nil {
		t.Fatal(err)
	}
	k.handle = handle
	point, err := k.private.PublicKey.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	cose := []byte{0xa5, 1, 2, 3, 0x26, 0x20, 1, 0x21, 0x58, 32} // CBOR of an ES256 key (RFC 9053, section 7.1.1): EC2, ES256, P-256, x, y
	cose = append(append(append(cose, point[1:33]...), 0x22, 0x58, 32), point[33:]...)
	more := make([]byte, 16) // no AAGUID
	more = binary.BigEndian.AppendUint16(more, uint16(len(k.id)))
	more = append(append(more, k.id...), cose...)
	data := k.data(k.flags|attested, more)
	object := append([]byte("\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData\x58"), byte(len(data))) // CBOR of an attestation object without a statement
	object = append(object, data...)
	return k.wrap(t, map[string]any{"clientDataJSON": b64(k.client("webauthn.create", o.Challenge)), "attestationObject": b64(object)})
}

// get answers navigator.credentials.get.
func (k *key) get(t testing.TB, o options) []byte {
	t.Helper()
	k.count++
	data, client := k.data(k.flags, nil), k.client("webauthn.get", o.Challenge)
	hash := sha256.Sum256(client)
	digest := sha256.Sum256(append(append([]byte{}, data...), hash[:]...))
	signature, err := ecdsa.SignASN1(rand.Reader, k.private, digest[:])
	if err != nil {
		t.Fatal(err)
	}
	return k.wrap(t, map[string]any{
		"clientDataJSON": b64(client), "authenticatorData": b64(data), "signature": b64(signature), "userHandle": b64(k.handle),
	})
}

func (k *key) wrap(t testing.TB, response map[string]any) []byte {
	t.Helper()
	raw, err := json.Marshal(map[string]any{"id": b64(k.id), "rawId": b64(k.id), "type": "public-key", "clientExtensionResults": map[string]any{}, "response": response})
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func (d *door) addPasskey(t testing.TB, s way.Session, k *key) way.Session {
	t.Helper()
	told, ticket, err := d.BeginPasskey(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	o := read(t, told)
	if o.AuthenticatorSelection.UserVerification != "required" || o.AuthenticatorSelection.ResidentKey != "required" {
		t.Errorf("a passkey is made by %+v", o.AuthenticatorSelection)
	}
	next, err := d.CommitPasskey(t.Context(), s, ticket, "Phone", k.make(t, o))
	if err != nil {
		t.Fatal(err)
	}
	return next
}

// come signs in by passkey.
func (d *door) come(t testing.TB, k *key) (way.Session, error) {
	t.Helper()
	told, ticket, err := d.AskPasskey(t.Context(), nil, at("192.0.2.1"))
	if err != nil {
		t.Fatal(err)
	}
	o := read(t, told)
	if len(o.AllowCredentials) != 0 || o.UserVerification != "required" {
		t.Errorf("a challenge says %+v", o)
	}
	return d.TakePasskey(t.Context(), nil, ticket, k.get(t, o), at("192.0.2.1"))
}

func TestPasskey(t *testing.T) {
	t.Parallel()
	d := open(t)
	made := d.staff(t, usher.RoleReviewer)
	k := newKey(t)
	s := d.addPasskey(t, d.in(t), k)
	d.wait(time.Minute)
	in, err := d.come(t, k)
	if err != nil || in.Staff != made || in.Stage != way.In || in.Method != "passkey" {
		t.Fatalf("got %+v, %v", in, err)
	}
	acc, err := d.Account(t.Context(), in)
	if err != nil || len(acc.Passkeys) != 1 || acc.Passkeys[0].Name != "Phone" || !acc.Passkeys[0].UsedAt.Equal(d.now()) {
		t.Fatalf("the account has %+v, %v", acc.Passkeys, err)
	}
	t.Run("proves who it is", func(t *testing.T) {
		d.wait(6 * time.Minute)
		told, ticket, err := d.AskPasskey(t.Context(), &in, at("192.0.2.1"))
		if err != nil {
			t.Fatal(err)
		}
		o := read(t, told)
		if len(o.AllowCredentials) != 1 {
			t.Errorf("%d credentials are allowed", len(o.AllowCredentials))
		}
		next, err := d.TakePasskey(t.Context(), &in, ticket, k.get(t, o), at("192.0.2.1"))
		if err != nil || next.Cookie == in.Cookie || !next.Fresh(d.now()) {
			t.Fatalf("got %+v, %v", next, err)
		}
		in = next
	})
	t.Run("is removed", func(t *testing.T) {
		wantCode(t, errOf(d.RemovePasskey(t.Context(), in, "AAAA")), usher.CodeNotFound)
		if _, err := d.RemovePasskey(t.Context(), in, acc.Passkeys[0].ID); err != nil {
			t.Fatal(err)
		}
		_, err := d.enter(t, s.Cookie)
		wantCode(t, err, usher.CodeUnauthenticated) // other sessions end with it
		_, err = d.come(t, k)
		wantCode(t, err, usher.CodeUnauthenticated)
	})
	wantTrail(t, d, "staff.passkey_added", "staff.passkey_removed", "staff.proved", "staff.signed_in")
}

func errOf[T any](_ T, err error) error { return err }

// TestForgedPasskeys tries answers that a browser at the desk would never give.
func TestForgedPasskeys(t *testing.T) {
	t.Parallel()
	d := open(t)
	d.staff(t, usher.RoleReviewer)
	good := newKey(t)
	good.count = 7
	d.addPasskey(t, d.in(t), good)
	if _, err := d.come(t, good); err != nil {
		t.Fatal(err)
	}
	for name, bend := range map[string]func(k *key, o *options){
		"another origin":            func(k *key, _ *options) { k.origin = "https://desk.example.test.evil.example" },
		"another port":              func(k *key, _ *options) { k.origin = deskURL + ":8443" },
		"plain http":                func(k *key, _ *options) { k.origin = "http://desk.example.test" },
		"another host's key":        func(k *key, _ *options) { k.rpid = "evil.example" },
		"another challenge":         func(_ *key, o *options) { o.Challenge = b64(make([]byte, 32)) },
		"nobody verified":           func(k *key, _ *options) { k.flags = present },
		"nobody present":            func(k *key, _ *options) { k.flags = verified },
		"another member's handle":   func(k *key, _ *options) { k.handle = []byte("00000000-0000-7000-8000-00000000dead") },
		"no handle":                 func(k *key, _ *options) { k.handle = nil },
		"another key":               func(k *key, _ *options) { k.private = newKeyPair() },
		"a counter that went back":  func(k *key, _ *options) { k.count = 1 },
		"became one that is copied": func(k *key, _ *options) { k.flags |= 0x08 },
	} {
		t.Run(name, func(t *testing.T) {
			from := at(name)
			told, ticket, err := d.AskPasskey(t.Context(), nil, from)
			if err != nil {
				t.Fatal(err)
			}
			good.count += 2 // those before it were not taken: the next right one counts on
			k, o := *good, read(t, told)
			bend(&k, &o)
			_, err = d.TakePasskey(t.Context(), nil, ticket, k.get(t, o), from)
			if got := wantCode(t, err, usher.CodeUnauthenticated); got.Detail != auth.DetailWrong {
				t.Errorf("detail is %q", got.Detail)
			}
		})
	}
	if _, err := d.come(t, good); err != nil {
		t.Errorf("after all that the owner does not come in: %v", err)
	}
}

func newKeyPair() *ecdsa.PrivateKey {
	private, _ := ecdsa.GenerateKey(elliptic.P256(), rand.Reader) // never fails on a known curve
	return private
}

func TestForgedRegistrations(t *testing.T) {
	t.Parallel()
	d := open(t)
	d.staff(t, usher.RoleReviewer)
	s := d.in(t)
	for name, bend := range map[string]func(k *key, o *options){
		"another origin":     func(k *key, _ *options) { k.origin = "https://evil.example" },
		"another host's key": func(k *key, _ *options) { k.rpid = "evil.example" },
		"another challenge":  func(_ *key, o *options) { o.Challenge = b64(make([]byte, 32)) },
		"nobody verified":    func(k *key, _ *options) { k.flags = present },
	} {
		t.Run(name, func(t *testing.T) {
			k := newKey(t)
			told, ticket, err := d.BeginPasskey(t.Context(), s)
			if err != nil {
				t.Fatal(err)
			}
			o := read(t, told)
			bend(k, &o)
			_, err = d.CommitPasskey(t.Context(), s, ticket, "x", k.make(t, o))
			wantCode(t, err, usher.CodeInvalid)
		})
	}
}

func TestChallengesServeOnceAndForOne(t *testing.T) {
	t.Parallel()
	d := open(t)
	d.staff(t, usher.RoleReviewer)
	k := newKey(t)
	s := d.addPasskey(t, d.in(t), k)
	told, ticket, err := d.AskPasskey(t.Context(), nil, at("192.0.2.1"))
	if err != nil {
		t.Fatal(err)
	}
	answer := k.get(t, read(t, told))
	if _, err := d.TakePasskey(t.Context(), nil, ticket, answer, at("192.0.2.1")); err != nil {
		t.Fatal(err)
	}
	_, err = d.TakePasskey(t.Context(), nil, ticket, answer, at("192.0.2.1"))
	wantCode(t, err, usher.CodeUnauthenticated) // replayed
	// The answer to a challenge of signing in proves nothing for somebody who is signed in, and the other way round.
	told, ticket, err = d.AskPasskey(t.Context(), nil, at("192.0.2.1"))
	if err != nil {
		t.Fatal(err)
	}
	_, err = d.TakePasskey(t.Context(), &s, ticket, k.get(t, read(t, told)), at("192.0.2.1"))
	wantCode(t, err, usher.CodeUnauthenticated)
	told, ticket, err = d.AskPasskey(t.Context(), &s, at("192.0.2.1"))
	if err != nil {
		t.Fatal(err)
	}
	_, err = d.TakePasskey(t.Context(), nil, ticket, k.get(t, read(t, told)), at("192.0.2.1"))
	wantCode(t, err, usher.CodeUnauthenticated)
	told, ticket, err = d.AskPasskey(t.Context(), nil, at("192.0.2.1"))
	if err != nil {
		t.Fatal(err)
	}
	d.wait(11 * time.Minute)
	_, err = d.TakePasskey(t.Context(), nil, ticket, k.get(t, read(t, told)), at("192.0.2.1"))
	wantCode(t, err, usher.CodeUnauthenticated)
	for _, junk := range []string{"", "{}", "null", `{"id":"AA","rawId":"AA","type":"public-key","response":{}}`} {
		if _, ticket, err = d.AskPasskey(t.Context(), nil, at(fmt.Sprint("198.51.100.", len(junk)))); err != nil {
			t.Fatal(err)
		}
		_, err = d.TakePasskey(t.Context(), nil, ticket, []byte(junk), at(fmt.Sprint("198.51.100.", len(junk))))
		wantCode(t, err, usher.CodeUnauthenticated)
	}
}

func TestPasskeysNeedAHostName(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]bool{
		"https://desk.example.test": true, "http://localhost:8080": true, "http://127.0.0.1:8080": false, "https://192.0.2.7": false, "http://desk.example.test": false, "": false,
	} {
		if got := auth.New(auth.Config{DeskURL: address, HashMemory: 64}).Ways().Passkeys; got != want {
			t.Errorf("at %q passkeys are offered: %v", address, got)
		}
	}
}
