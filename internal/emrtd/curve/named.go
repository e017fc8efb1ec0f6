package curve

import (
	_ "embed" // the table
	"fmt"
	"math/big"
	"strings"
	"sync"
)

// table has one curve a line: name, object identifier, then p, a, b, Gx, Gy and n in hexadecimal. SEC 2, FIPS 186-5 and
// RFC 5639, section 3.
//
//go:embed curves.txt
var table string

type named struct {
	oid   string
	curve *Curve
}

var curves = sync.OnceValue(func() []named {
	var all []named
	for line := range strings.Lines(table) {
		words := strings.Fields(line)
		if len(words) != 8 {
			continue
		}
		var v [6]*big.Int
		for i, word := range words[2:] {
			v[i], _ = new(big.Int).SetString(word, 16)
		}
		all = append(all, named{words[1], &Curve{Name: words[0], P: v[0], A: v[1], B: v[2], Gx: v[3], Gy: v[4], N: v[5]}})
	}
	return all
})

// Named gives the curve with an object identifier such as "1.2.840.10045.3.1.7".
func Named(oid string) (*Curve, error) {
	for _, k := range curves() {
		if k.oid == oid {
			return k.curve, nil
		}
	}
	return nil, fmt.Errorf("curve: no curve is known by %s", oid)
}

// Names lists the names of all curves that are known.
func Names() []string {
	var all []string
	for _, k := range curves() {
		all = append(all, k.curve.Name)
	}
	return all
}

// ByName gives the curve with a name such as "brainpoolP256r1", and its object identifier.
func ByName(name string) (c *Curve, oid string, ok bool) {
	for _, k := range curves() {
		if k.curve.Name == name {
			return k.curve, k.oid, true
		}
	}
	return nil, "", false
}
