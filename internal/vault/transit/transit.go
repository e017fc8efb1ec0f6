// Package transit seals master keys with the transit engine of a HashiCorp Vault or an OpenBao server, over its HTTP API.
//
// POST {server}/v1/{mount}/encrypt/{key} with {"plaintext": base64} answers {"data": {"ciphertext": "vault:v1:…"}}, and …/decrypt/{key} the other way
// round, both with the token in X-Vault-Token. The shape is that of Vault's documentation, "Transit secrets engine (API)". The key never leaves that
// server; what it gives back is kept as it is and holds the version of the key, so that a key that was rotated there goes on opening.
package transit

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
)

// Config says where the key is.
type Config struct {
	URL       string       // such as https://vault.example:8200/transit/keys/usher: server, mount of the engine, "keys", name of the key
	Token     string       // with the capability "update" on encrypt/ and decrypt/ of that key
	Namespace string       // of Vault Enterprise; usually empty
	Client    *http.Client // its timeout is that of a call
}

// Keeper is a vault.Keeper.
type Keeper struct {
	config           Config
	key              string
	encrypt, decrypt string // addresses
}

// New returns the keeper. Its error names what cannot be right, and never the token.
func New(c Config) (*Keeper, error) {
	u, err := url.Parse(c.URL)
	if err != nil || u.Host == "" || (u.Scheme != "https" && u.Scheme != "http") || u.User != nil || u.RawQuery != "" {
		return nil, errors.New("transit: write the address as https://vault.example:8200/transit/keys/usher")
	}
	mount, key, ok := strings.Cut(strings.Trim(u.Path, "/"), "/keys/")
	if !ok || mount == "" || key == "" || strings.Contains(key, "/") {
		return nil, errors.New("transit: the address names no key: its path is /<mount>/keys/<name>")
	}
	if c.Token == "" {
		return nil, errors.New("transit: a token is needed")
	}
	if c.Client == nil {
		return nil, errors.New("transit: a client is needed")
	}
	at := func(verb string) string {
		return (&url.URL{Scheme: u.Scheme, Host: u.Host, Path: "/v1/" + mount + "/" + verb + "/" + key}).String()
	}
	return &Keeper{config: c, key: key, encrypt: at("encrypt"), decrypt: at("decrypt")}, nil
}

// message is both the question and the part of the answer that is read; []byte stands as base64 in JSON.
type message struct {
	Plaintext  []byte `json:"plaintext,omitempty"`
	Ciphertext string `json:"ciphertext,omitempty"`
}

// Wrap seals a key. What it gives is the service's own text.
func (k *Keeper) Wrap(ctx context.Context, key []byte) ([]byte, error) {
	answer, err := k.ask(ctx, k.encrypt, message{Plaintext: key})
	if err == nil && !strings.HasPrefix(answer.Ciphertext, "vault:") {
		err = errors.New("the answer holds no ciphertext")
	}
	if err != nil {
		return nil, fmt.Errorf("seal with transit key %s: %w", k.key, err)
	}
	return []byte(answer.Ciphertext), nil
}

// Unwrap opens what Wrap gave.
func (k *Keeper) Unwrap(ctx context.Context, sealed []byte) ([]byte, error) {
	answer, err := k.ask(ctx, k.decrypt, message{Ciphertext: string(sealed)})
	if err != nil {
		return nil, fmt.Errorf("open with transit key %s: %w", k.key, err)
	}
	return answer.Plaintext, nil
}

const mostAnswer = 64 << 10 // bytes

func (k *Keeper) ask(ctx context.Context, address string, question message) (message, error) {
	body, err := json.Marshal(question)
	if err != nil {
		return message{}, fmt.Errorf("write question: %w", err)
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		return message{}, fmt.Errorf("write question: %w", err)
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("X-Vault-Token", k.config.Token)
	if k.config.Namespace != "" {
		r.Header.Set("X-Vault-Namespace", k.config.Namespace)
	}
	res, err := k.config.Client.Do(r)
	if err != nil {
		return message{}, fmt.Errorf("ask: %w", err)
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(io.LimitReader(res.Body, mostAnswer))
	if err != nil {
		return message{}, fmt.Errorf("read answer: %w", err)
	}
	var answer struct {
		Data   message  `json:"data"`
		Errors []string `json:"errors"`
	}
	err = json.Unmarshal(raw, &answer)
	if res.StatusCode != http.StatusOK {
		return message{}, fmt.Errorf("status %d: %.200s", res.StatusCode, strings.Join(answer.Errors, "; "))
	}
	if err != nil {
		return message{}, errors.New("the answer is not JSON") // its text may hold the key
	}
	return answer.Data, nil
}
