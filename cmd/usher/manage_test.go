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

func TestEgress(t *testing.T) {
	t.Parallel()
	do := shell(t)
	_, said := do("tenant", "create", "--name", "Bank")
	tenant := strings.TrimSpace(strings.TrimPrefix(said, "tenant "))
	for _, step := range []struct {
		hosts string
		code  int
		say   string
	}{
		{"b.example,*.A.example", exitOK, "webhooks may go to *.a.example, b.example"},
		{"https://a.example", exitFailed, "write host names"},
		{"", exitOK, "webhooks may go to every public host"},
	} {
		if code, said := do("tenant", "egress", "--tenant", tenant, "--hosts", step.hosts); code != step.code || !strings.Contains(said, step.say) {
			t.Errorf("%q: exit code %d: %s", step.hosts, code, said)
		}
	}
	if code, said := do("tenant", "egress", "--tenant", "none"); code == exitOK {
		t.Errorf("a tenant that does not exist: %s", said)
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

// TestOwnListsStandBesideEachOther gives own lists ids of their own, which neither a publisher's list nor its id can pass for.
func TestOwnListsStandBesideEachOther(t *testing.T) {
	t.Parallel()
	do := shell(t)
	dir := t.TempDir()
	write := func(name, text string) string {
		t.Helper()
		name = filepath.Join(dir, name)
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return name
	}
	const head = "id,name,kind,birth_date,countries\n"
	first := write("first.csv", head+"1,Zorvan Testikov,person,1961-04-02,\n")
	second := write("second.csv", head+"1,Hanna Vymyslena,person,1984-02-29,\n2,Petr Nikdo,person,,\n")
	shrunk := write("shrunk.csv", head+"2,Petr Nikdo,person,,\n")
	un := write("un.xml", `<CONSOLIDATED_LIST dateGenerated="2026-01-01T00:00:00Z"><INDIVIDUALS/></CONSOLIDATED_LIST>`)
	for _, args := range [][]string{{first}, {second, "--list", "partners_2"}} {
		if code, said := do(append([]string{"watchlist", "import"}, args...)...); code != exitOK {
			t.Fatalf("import %v: %d\n%s", args, code, said)
		}
	}
	for name, key := range map[string]string{"Zorvan Testikov": "own/1", "Hanna Vymyslena": "partners_2/1"} {
		if _, said := do("watchlist", "search", name); !strings.Contains(said, " "+key+" ") {
			t.Errorf("%s is not found as %s:\n%s", name, key, said)
		}
	}
	if _, said := do("watchlist", "status"); !strings.Contains(said, "Own list partners_2") {
		t.Errorf("the two cannot be told apart:\n%s", said)
	}
	for name, tt := range map[string]struct {
		file, list string
		code       int
		say        string
	}{
		"large letters":      {second, "Partners", exitUsage, "small letters"},
		"a path":             {second, "../x", exitUsage, "small letters"},
		"65 letters":         {second, strings.Repeat("x", 65), exitUsage, "no longer than 64"},
		"a publisher's id":   {second, "ofac_cons", exitUsage, "a publisher's list has it"},
		"a publisher's list": {un, "partners", exitFailed, `is the list "un"`},
		"one among others":   {dir, "partners", exitFailed, `is the list "un"`},
		"fewer records":      {shrunk, "partners_2", exitFailed, "--list partners_2 --accept shrunk"},
	} {
		if code, said := do("watchlist", "import", tt.file, "--list", tt.list); code != tt.code || !strings.Contains(said, tt.say) {
			t.Errorf("%s: exit code %d, want %d with %q:\n%s", name, code, tt.code, tt.say, said)
		}
	}
}
