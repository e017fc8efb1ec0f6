package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// shell runs command lines on a data folder of their own and gives exit codes and what they said.
func shell(t *testing.T) func(args ...string) (int, string) {
	t.Helper()
	data := filepath.Join(t.TempDir(), "data")
	return func(args ...string) (int, string) {
		t.Helper()
		var out bytes.Buffer
		c := console{out: &out, err: &out, env: func(name string) string { return map[string]string{"USHER_DATA": data}[name] }}
		return run(context.Background(), c, args), out.String()
	}
}

func TestClientThatCouldNotWorkIsRefused(t *testing.T) {
	t.Parallel()
	do := shell(t)
	_, said := do("tenant", "create", "--name", "Bank")
	tenant := strings.TrimSpace(strings.TrimPrefix(said, "tenant "))
	for name, tt := range map[string]struct {
		args []string
		code int
		say  string
	}{
		"no such flow":           {[]string{"--flow", "nosuchflow"}, exitUsage, `no flow "nosuchflow"`},
		"a script to return to":  {[]string{"--return-url", "javascript:alert(1)"}, exitUsage, "--return-url"},
		"anybody may frame":      {[]string{"--frame-ancestors", "*"}, exitUsage, "--frame-ancestors"},
		"a path may frame":       {[]string{"--frame-ancestors", "https://bank.example/app"}, exitUsage, "--frame-ancestors"},
		"every subdomain frames": {[]string{"--frame-ancestors", "https://*.bank.example"}, exitUsage, "--frame-ancestors"},
		"all in order": {
			[]string{"--flow", "celcoin_continuous", "--return-url", "https://bank.example/,bankapp://done", "--frame-ancestors", "https://bank.example"},
			exitOK, "addresses begin with that of the server",
		},
		"the address is known": {[]string{"--url", "https://api.bank.example"}, exitOK, "https://api.bank.example/compat/celcoin"},
	} {
		t.Run(name, func(t *testing.T) {
			code, said := do(append([]string{"client", "create", "--tenant", tenant, "--dialect", "celcoin"}, tt.args...)...)
			if code != tt.code || !strings.Contains(said, tt.say) {
				t.Errorf("exit code %d, want %d with %q; it says:\n%s", code, tt.code, tt.say, said)
			}
		})
	}
}

func TestFlagsMayStandBehindWords(t *testing.T) {
	t.Parallel()
	do := shell(t)
	list := filepath.Join(t.TempDir(), "blocklist.csv")
	if err := os.WriteFile(list, []byte("id,name,kind,birth_date,countries\n1,Zorvan Testikov,person,1961-04-02,\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if code, said := do("watchlist", "import", list, "--json"); code != exitOK || !strings.HasPrefix(said, "[{") {
		t.Fatalf("import: %d\n%s", code, said)
	}
	_, behind := do("watchlist", "search", "Zorvan", "Testikov", "--born", "1975")
	_, before := do("watchlist", "search", "--born", "1975", "Zorvan", "Testikov")
	if behind != before || !strings.Contains(behind, "birth_year") {
		t.Errorf("the flag behind the name:\n%s\nbefore it:\n%s", behind, before)
	}
	if _, said := do("watchlist", "search", "--", "--born"); strings.Contains(said, "flag") {
		t.Errorf("a word behind -- is read as a flag: %s", said)
	}
}

func TestRefusedListSaysHowToTakeIt(t *testing.T) {
	t.Parallel()
	do := shell(t)
	dir := t.TempDir()
	list := filepath.Join(dir, "blocklist.csv")
	write := func(rows int) {
		t.Helper()
		text := "id,name,kind,birth_date,countries\n"
		for i := range rows {
			text += string(rune('a'+i)) + ",Zorvan Testikov " + string(rune('A'+i)) + ",person,,\n"
		}
		if err := os.WriteFile(list, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(20)
	if code, said := do("watchlist", "import", dir); code != exitOK {
		t.Fatal(said)
	}
	write(2)
	if code, said := do("watchlist", "import", dir); code != exitFailed || !strings.Contains(said, "--accept shrunk") {
		t.Errorf("exit code %d\n%s", code, said)
	}
	if code, said := do("watchlist", "import", dir, "--accept", "shrunk"); code != exitOK {
		t.Errorf("exit code %d\n%s", code, said)
	}
}
