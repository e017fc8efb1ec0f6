package receipt

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// disclosure is a claim that its holder may leave out (RFC 9901, 4.2.1).
type disclosure struct {
	name  string
	value any
	text  string // base64url of [salt, name, value]
}

// conceal makes a disclosure with a salt of 128 bits.
func conceal(name string, value any) (disclosure, error) {
	var salt [16]byte
	_, _ = rand.Read(salt[:]) // never fails: crypto/rand ends the process instead
	raw, err := json.Marshal([]any{encode(salt[:]), name, value})
	if err != nil {
		return disclosure{}, fmt.Errorf("encode claim: %w", err)
	}
	return disclosure{name: name, value: value, text: encode(raw)}, nil
}

// digest gives what stands for a disclosure in the payload.
func (d disclosure) digest() string {
	sum := sha256.Sum256([]byte(d.text))
	return encode(sum[:])
}

// digests gives those of all, in an order that says nothing of what they are.
func digests(list []disclosure) []string {
	all := make([]string, len(list))
	for i, d := range list {
		all[i] = d.digest()
	}
	slices.Sort(all)
	return all
}

// join puts a signed token and disclosures together: token~one~two~ (RFC 9901, 4).
func join(token string, list []disclosure) string {
	var b strings.Builder
	b.WriteString(token + "~")
	for _, d := range list {
		b.WriteString(d.text + "~")
	}
	return b.String()
}

// split takes them apart again. A receipt is bound to no holder's key, so that what follows the last tilde must be empty.
func split(text string) (token string, list []disclosure, err error) {
	if len(text) > mostText {
		return "", nil, errors.New("it is too long")
	}
	parts := strings.Split(strings.TrimSpace(text), "~")
	if len(parts) < 2 || parts[len(parts)-1] != "" {
		return "", nil, errors.New("it is not a receipt: a receipt is one line that ends with a tilde")
	}
	for _, part := range parts[1 : len(parts)-1] {
		var members []any
		if err := decodeJSON(part, &members); err != nil {
			return "", nil, fmt.Errorf("a disclosure cannot be read: %w", err)
		}
		if len(members) != 3 {
			return "", nil, errors.New("a disclosure has another form")
		}
		_, salted := members[0].(string)
		name, named := members[1].(string)
		if !salted || !named || name == "_sd" || name == "..." {
			return "", nil, errors.New("a disclosure has another form")
		}
		list = append(list, disclosure{name: name, value: members[2], text: part})
	}
	return parts[0], list, nil
}

// reveal holds disclosures against the digests that were signed and gives the claims behind them (RFC 9901, 7.1): one that was not signed, that
// comes twice or that says what the payload says already makes the whole invalid.
func reveal(list []disclosure, signed []string, plain map[string]json.RawMessage) (map[string]any, error) {
	claims := map[string]any{}
	seen := map[string]bool{}
	for _, d := range list {
		sum := d.digest()
		if !slices.Contains(signed, sum) || seen[sum] {
			return nil, fmt.Errorf("%w: a disclosure is none of those that were signed", ErrSignature)
		}
		seen[sum] = true
		if _, twice := claims[d.name]; twice || plain[d.name] != nil {
			return nil, errors.New("it says the same thing twice")
		}
		claims[d.name] = d.value
	}
	return claims, nil
}
