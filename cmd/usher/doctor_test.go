package main

import (
	"bytes"
	"context"
	"encoding/json"
	"slices"
	"testing"
)

// TestDoctorFindsWhatIsWrong has doctor look at an installation whose mail server is not there, and at one that is not there yet.
func TestDoctorFindsWhatIsWrong(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		env   map[string]string
		fault string
	}{
		"well":          {nil, ""},
		"no mail there": {map[string]string{"USHER_SMTP": "smtp://127.0.0.1:1", "USHER_MAIL_FROM": "a@example.test"}, "mail"},
		"no such disk":  {map[string]string{"USHER_DATA": "/dev/null/data"}, "data folder"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var out bytes.Buffer
			env := map[string]string{"USHER_DATA": t.TempDir() + "/data", "USHER_ADDR": "127.0.0.1:0"}
			for k, v := range c.env {
				env[k] = v
			}
			err := doctor(context.Background(), console{out: &out, err: &out, env: func(name string) string { return env[name] }}, []string{"--json"})
			var found []told
			if json.Unmarshal(out.Bytes(), &found) != nil {
				t.Fatalf("no JSON: %s", &out)
			}
			if (err != nil) != (c.fault != "") {
				t.Errorf("%v: %+v", err, found)
			}
			i := slices.IndexFunc(found, func(f told) bool { return f.What == c.fault })
			if c.fault != "" && (i < 0 || found[i].OK || found[i].Note == "") {
				t.Errorf("%s is not found: %+v", c.fault, found)
			}
		})
	}
}
