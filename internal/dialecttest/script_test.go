package dialecttest

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

const transcript = `What this shows.

-- one --
> POST /a
> {"b": 1}

200
{}

webhook Done
{}

-- two --
! wait 1h
`

func TestScriptKeepsItsText(t *testing.T) {
	t.Parallel()
	s := parse(transcript)
	if diff := cmp.Diff(transcript, s.format()); diff != "" {
		t.Errorf("parse and format change the text (-before +after):\n%s", diff)
	}
	want := []section{
		{title: "one", input: []string{"> POST /a", `> {"b": 1}`}, output: "200\n{}\n\nwebhook Done\n{}"},
		{title: "two", input: []string{"! wait 1h"}},
	}
	if diff := cmp.Diff(want, s.sections, cmp.AllowUnexported(section{})); diff != "" {
		t.Errorf("sections (-want +got):\n%s", diff)
	}
}

func FuzzScript(f *testing.F) {
	f.Add(transcript)
	f.Add("-- a --\n-- b --\n> \n\n> x\n")
	f.Fuzz(func(t *testing.T, text string) {
		once := parse(text).format()
		if again := parse(once).format(); again != once {
			t.Errorf("a second round changes the text:\n%q\n%q", once, again)
		}
	})
}

func TestNames(t *testing.T) {
	t.Parallel()
	n := newNames([]string{"token"}, map[string]string{"key": "s3cret"})
	const id = "0b6a4a0e-6c1d-4f63-9a55-2f0d3b1c7e10"
	got := n.hide(`{"at":"2026-03-02T10:00:00.000Z","id":"` + id + `","token":"t0k","url":"https://x.example/t0k?k=s3cret"}`)
	want := `{"at":"<time>","id":"<id 1>","token":"<token 1>","url":"https://x.example/<token 1>?k=<key>"}`
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("hide (-want +got):\n%s", diff)
	}
	if got := n.show("/<id 1>/<key>"); got != "/"+id+"/s3cret" {
		t.Errorf("show gives %q", got)
	}
}
