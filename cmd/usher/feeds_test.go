package main

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"
	"time"
)

// TestFeedsOfTheOperationsGuide reads the file of feeds that docs/OPERATIONS.md shows.
func TestFeedsOfTheOperationsGuide(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../docs/OPERATIONS.md")
	if err != nil {
		t.Fatal(err)
	}
	m := regexp.MustCompile("(?ms)^## Watchlists$.*?^```yaml\n(.*?)^```$").FindSubmatch(text)
	if m == nil {
		t.Fatal("the guide shows no file of feeds")
	}
	path := filepath.Join(t.TempDir(), "feeds.yaml")
	if err := os.WriteFile(path, m[1], 0o600); err != nil {
		t.Fatal(err)
	}
	feeds, err := readFeeds(path)
	if err != nil || len(feeds) != 3 {
		t.Fatalf("%d feeds, %v", len(feeds), err)
	}
	if un := feeds[0]; un.List != "un" || un.Every != 6*time.Hour || un.Stale != 48*time.Hour || len(un.Files) != 1 {
		t.Errorf("the first is %+v", un)
	}
	if own := feeds[2]; own.Path == "" || own.Title == "" || own.Every != 5*time.Minute {
		t.Errorf("the last is %+v", own)
	}
}

func TestBadFeeds(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"nowhere from":      "- list: un",
		"from two places":   "- {list: un, path: lists, files: [https://lists.example/un.xml]}",
		"no list":           "- {path: lists}",
		"no length of time": "- {list: un, path: lists, every: often}",
		"a misspelt member": "- {list: un, path: lists, stale: 1h}",
		"no list of feeds":  "un",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "feeds.yaml")
			if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			if feeds, err := readFeeds(path); err == nil {
				t.Errorf("it is read as %+v", feeds)
			}
		})
	}
}
