package api_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/api"
)

func TestFieldsOfAPerson(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name      string
		check     func(field, s string) error
		good, bad []string
	}{
		{
			"name", api.Name,
			[]string{"", "Ada", "de Mayor", "O'Neil", "Anne-Marie", "Åsa", "李", "محمد", "Nguyễn Văn", "Dr. Who", strings.Repeat("å", 100)},
			[]string{" ", "   Ada", "Ada ", "123", "Ada1", "<b>Ada</b>", "Ada\n", "a@b", strings.Repeat("a", 101), "..."},
		},
		{
			"email", api.Email,
			[]string{"", "a@example.com", "a.b+c@sub.example.co.uk", "åsa@example.se"},
			[]string{"a", "a@", "@nowhere.example", "a@localhost", "Ada <a@example.com>", "a@example.com, b@example.com", "a b@example.com", "a@example.", strings.Repeat("a", 250) + "@e.se"},
		},
		{
			"phone", api.Phone,
			[]string{"", "46701234567", "4915112345678", "1234567"},
			[]string{"+46701234567", "46 70 123", "0046701234567", "070-1234567", "phone", "123456", "1234567890123456", "４６７０１２３４５６７"},
		},
		{"country", api.Country, []string{"", "SE", "BR", "ZW", "AD"}, []string{"se", "SWE", "XX", "UK", "S", "  ", "E A"}},
		{"locale", api.Locale, []string{"", "en", "sv", "en-GB", "zh-Hant-TW", "fil"}, []string{"EN", "en_GB", "english", "en-gb", "../en"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			for _, s := range c.good {
				if err := c.check("f", s); err != nil {
					t.Errorf("%q: %v", s, err)
				}
			}
			for _, s := range c.bad {
				e, ok := errors.AsType[*usher.Error](c.check("f", s))
				if !ok || e.Field != "f" || e.Code != usher.CodeInvalid {
					t.Errorf("%q was taken", s)
				} else if s != "" && strings.TrimSpace(s) != "" && len(s) > 6 && strings.Contains(e.Message, s) {
					t.Errorf("%q is repeated in the message", s)
				}
			}
		})
	}
}

func TestReturnURL(t *testing.T) {
	t.Parallel()
	prefixes := []string{"https://client.example/cb", "https://other.example", "myapp://done"}
	for _, c := range []struct {
		url string
		dev bool
		ok  bool
	}{
		{"", false, true},
		{"https://client.example/cb", false, true},
		{"https://CLIENT.example/cb/x?y=1#z", false, true},
		{"https://client.example/cbx", false, false},
		{"https://client.example/", false, false},
		{"https://client.example/cb/../admin", false, false},
		{"https://client.example/cb/%2e%2e/admin", false, false},
		{"https://client.example.evil.example/cb", false, false},
		{"https://client.example@evil.example/cb", false, false},
		{`https://evil.example\@client.example/cb`, false, false},
		{"https://client.example:444/cb", false, false},
		{"http://client.example/cb", false, false},
		{"https://other.example/anything", false, true},
		{"myapp://done/now", false, true},
		{"javascript://client.example/cb%0aalert(1)", true, false},
		{"//client.example/cb", true, false},
		{"/cb", true, false},
		{"https://anywhere.example/", false, false},
		{"https://anywhere.example/", true, true},
		{"http://127.0.0.1:9000/cb", true, true},
		{"http://[::1]/cb", true, true},
		{"http://localhost/cb", true, true},
		{"http://127.0.0.1:9000/cb", false, false},
		{"http://localhost.evil.example/", true, false},
		{"https://client.example/cb\n", true, false},
		{"https://client.example/" + strings.Repeat("a", 2000), true, false},
	} {
		err := api.ReturnURL("return_url", c.url, prefixes, c.dev)
		if (err == nil) != c.ok {
			t.Errorf("%q dev=%v: %v, want ok=%v", c.url, c.dev, err, c.ok)
		}
	}
}
