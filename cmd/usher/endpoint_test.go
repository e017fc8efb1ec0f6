package main

import (
	"regexp"
	"strings"
	"testing"
)

func TestEndpointCommand(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	_, said := commandLine(t, dir, nil, "tenant", "create", "--name", "Example Bank")
	made := regexp.MustCompile(`(?m)^tenant (\S+)$`).FindStringSubmatch(said)
	if made == nil {
		t.Fatal(said)
	}
	tenant := made[1]
	secret := map[string]string{"USHER_ENDPOINT_SECRET": "a-secret-that-is-long-enough"}
	create := []string{"endpoint", "create", "--tenant", tenant, "--url", "https://bank.example/hooks"}
	for name, tt := range map[string]struct {
		env   map[string]string
		more  []string
		fault string // "" when it must work
	}{
		"native":            {nil, []string{"--events", "session.approved,session.rejected"}, ""},
		"by its names":      {nil, []string{"--names", "session.approved"}, ""},
		"a vendor's":        {secret, []string{"--dialect", "intergiro", "--auth", "basic:usher", "--any-origin"}, ""},
		"by a token":        {secret, []string{"--auth", "oauth2:usher@https://bank.example/token"}, ""},
		"by a header":       {secret, []string{"--auth", "header:X-Api-Key"}, ""},
		"no secret":         {nil, []string{"--auth", "basic:usher"}, "USHER_ENDPOINT_SECRET"},
		"no user":           {secret, []string{"--auth", "basic"}, "auth.username"},
		"no such way":       {secret, []string{"--auth", "letter"}, "--auth is"},
		"no such signature": {secret, []string{"--auth", "hmac"}, "no signature of its own"},
		"no such dialect":   {nil, []string{"--dialect", "klingon"}, "klingon"},
		"no such event":     {nil, []string{"--events", "session.won"}, "session.won"},
		"no such name":      {nil, []string{"--names", "WON"}, "WON"},
		"plain http":        {nil, []string{"--url", "http://bank.example/hooks"}, "https"},
		"a private network": {nil, []string{"--url", "https://10.0.0.1/hooks"}, "internet"},
		"no such tenant":    {nil, []string{"--tenant", "nobody"}, "no such tenant"},
		"too many words":    {nil, []string{"now"}, "now"},
	} {
		code, said := commandLine(t, dir, tt.env, append(append([]string{}, create...), tt.more...)...)
		if (tt.fault == "") != (code == exitOK) || !strings.Contains(said, tt.fault) {
			t.Errorf("%s: exit code %d: %s", name, code, said)
		}
		if strings.Contains(said, secret["USHER_ENDPOINT_SECRET"]) {
			t.Errorf("%s shows the secret: %s", name, said)
		}
	}
	_, list := commandLine(t, dir, nil, "endpoint", "list", "--tenant", tenant)
	for _, want := range []string{"session.approved, session.rejected", "intergiro", "basic", "of any dialect", "oauth2", "https://bank.example/hooks"} {
		if !strings.Contains(list, want) {
			t.Errorf("the list lacks %q:\n%s", want, list)
		}
	}
	if n := strings.Count(list, "\n"); n != 5 || strings.Contains(list, "a-secret") {
		t.Errorf("%d endpoints:\n%s", n, list)
	}
	id := strings.Fields(list)[0]
	for _, step := range []struct{ word, want string }{
		{"test", `delivery [0-9a-f-]{36} is queued`}, {"rotate", `secret whsec_[A-Za-z0-9+/=]{44}`}, {"delete", `^$`},
	} {
		code, said := commandLine(t, dir, nil, "endpoint", step.word, "--tenant", tenant, id)
		if code != exitOK || !regexp.MustCompile(step.want).MatchString(said) {
			t.Errorf("%s: exit code %d: %s", step.word, code, said)
		}
		if code, _ := commandLine(t, dir, nil, "endpoint", step.word, "--tenant", tenant); code != exitUsage {
			t.Errorf("%s without an endpoint: exit code %d", step.word, code)
		}
	}
	if code, _ := commandLine(t, dir, nil, "endpoint", "test", "--tenant", tenant, id); code != exitFailed {
		t.Errorf("a deleted endpoint can be tested: %d", code)
	}
}
