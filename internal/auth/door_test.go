package auth_test

import (
	"bytes"
	"errors"
	"testing"

	way "github.com/usher-kyc/usher/internal/door"
)

const deskURL = "https://desk.example.test"

// at is a visitor with an address and the browser of most tests.
func at(address string) way.Visitor {
	return way.Visitor{Address: address, Agent: "Mozilla/5.0 (X11; Linux x86_64; rv:150.0) Gecko/20100101 Firefox/150.0"}
}

// sealer binds what it seals to its place, and keeps nothing secret: that is package vault's to test.
type sealer struct{}

func (sealer) SealTenant(tenant string, plaintext, ad []byte) ([]byte, error) {
	return append([]byte(tenant+"/"+string(ad)+"\x00"), plaintext...), nil
}

func (sealer) OpenTenant(tenant string, sealed, ad []byte) ([]byte, error) {
	plaintext, ok := bytes.CutPrefix(sealed, []byte(tenant+"/"+string(ad)+"\x00"))
	if !ok {
		return nil, errors.New("sealed for another place")
	}
	return plaintext, nil
}

// enter comes with a cookie, from where most tests are.
func (d *door) enter(t testing.TB, cookie string) (way.Session, error) {
	t.Helper()
	return d.Enter(t.Context(), cookie, at("192.0.2.1"))
}
