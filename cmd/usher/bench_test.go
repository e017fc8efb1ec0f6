package main

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// TestBenchScreening runs the measurement on a list of invented people, so small that its figures say nothing but that every part ran.
func TestBenchScreening(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "own.csv"), sandboxList, 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), os.Args[0],
		"bench", "screening", "--lists", dir, "--json", "--entities", "300", "--applicants", "500", "--time", "40ms")
	cmd.Env = append(os.Environ(), asProgram+"=1")
	var complaints bytes.Buffer
	cmd.Stderr = &complaints
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, complaints.String())
	}
	var got map[string]any
	if err := json.Unmarshal(out, &got); err != nil {
		t.Fatalf("%v in %s", err, out)
	}
	figures := reflect.TypeFor[screeningFigures]()
	for i := range figures.NumField() {
		if _, ok := got[figures.Field(i).Tag.Get("json")]; !ok {
			t.Errorf("there is no %s in %s", figures.Field(i).Tag.Get("json"), out)
		}
	}
	if len(got) != figures.NumField() {
		t.Errorf("%d figures, want %d", len(got), figures.NumField())
	}
	for _, key := range []string{
		"entities", "rps_clean", "rps_misspelt", "rps_empty_handler", "p99_ms", "batch_names_per_cpu_s", "million_rps", "million_p99_ms", "load_s",
		"snapshot_s", "recall_misspelt", "recall_every_word", "delta_s",
	} {
		if v, _ := got[key].(float64); v <= 0 {
			t.Errorf("%s is %v: that part did not run", key, got[key])
		}
	}
	for _, key := range []string{"delta_missed", "delta_extra"} {
		if got[key] != 0.0 {
			t.Errorf("%s is %v", key, got[key])
		}
	}
}

func TestTurnsOf(t *testing.T) {
	t.Parallel()
	for _, n := range []int{0, 1, 9, 10, 11, 25} {
		all := make([][]byte, n)
		for i := range all {
			all[i] = []byte{byte(i)}
		}
		dealt := turnsOf(all, 10)
		if len(dealt) != 10 {
			t.Fatalf("%d turns of %d", len(dealt), n)
		}
		if got := slices.Concat(dealt...); n >= 10 && !reflect.DeepEqual(got, all) {
			t.Errorf("of %d, %d are dealt out", n, len(got))
		}
		for _, d := range dealt {
			if len(d) == 0 && n > 0 {
				t.Errorf("of %d, one turn has none", n)
			}
		}
	}
}

// TestBenchDocument runs the measurement on so few pictures that its figures say nothing but that every part ran.
func TestBenchDocument(t *testing.T) {
	t.Parallel()
	program := func(args ...string) string {
		cmd := exec.CommandContext(t.Context(), os.Args[0], args...)
		cmd.Env = append(os.Environ(), asProgram+"=1")
		var complaints bytes.Buffer
		cmd.Stderr = &complaints
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("%v: %v\n%s", args, err, complaints.String())
		}
		return string(out)
	}
	dir := t.TempDir()
	got := program("bench", "document", "--dir", dir, "--count", "1", "--pages", "1", "--large", "1", "--large-width", "1000", "--width", "400")
	for _, line := range []string{"clean: all lines exact", "wild", "p95", "false finds on 1 sheets", "not marked", "0 megapixels", "most memory"} {
		if !strings.Contains(got, line) {
			t.Errorf("there is no %q in\n%s", line, got)
		}
	}
	// The folders that it made are what `usher bench mrz` reads.
	var figures map[string]any
	if err := json.Unmarshal([]byte(program("bench", "mrz", "--dir", filepath.Join(dir, "small"), "--json")), &figures); err != nil {
		t.Fatal(err)
	}
	if len(figures) != 8 || figures["pictures"] != 1.0 {
		t.Errorf("got %v", figures)
	}
	if table := program("bench", "mrz", "--dir", filepath.Join(dir, "small"), "--wrong"); !strings.Contains(table, "TD1") {
		t.Errorf("no kind in\n%s", table)
	}
}
